//! The body of a write: JSON, short, and in time.

use std::error::Error;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use kusari_chain::object::ObjectOnly;
use serde::Deserializer;
use serde::de::DeserializeOwned;

use super::*;

/// How long a body may take to come. It is short, and comes from this machine.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// A body that was read for a `T`.
pub(super) struct Body<T>(pub(super) T);

/// A `T` from an object, as the document says; derived readers would take a list of its values as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(ObjectOnly(deserializer)).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        // A web form cannot send this kind without asking first, which is never allowed here.
        let Ok(read) = timeout(BODY_DEADLINE, Json::from_request(request, state)).await else {
            return Err(SLOW_BODY.into());
        };
        let rejection = match read {
            Ok(Json(Object(body))) => return Ok(Self(body)),
            Err(rejection) => rejection,
        };
        let cause = rejection.source().map(ToString::to_string).unwrap_or_default();
        Err(match rejection {
            JsonRejection::MissingJsonContentType(_) => NOT_JSON.into(),
            JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => BAD_JSON
                .because(format!("the body is not what this path takes: {cause}; see docs/api.md")),
            _ if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => BODY_TOO_LONG
                .because(format!("a body has at most {MAX_BODY_BYTES} bytes; send less")),
            _ => BAD_JSON.because(format!("the body broke off ({cause}); send it again")),
        }
        .into())
    }
}
