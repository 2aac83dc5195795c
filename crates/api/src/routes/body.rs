//! The body of a write: JSON, short, and in time.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use tokio::time::{Duration, timeout};

use super::super::problem;
use super::super::reply::{Answer, Refusal};
use super::MAX_BODY_BYTES;

/// How long a body may take to come. It is short, and comes from this machine.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// A body that was read for a `T`.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Answer<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        // A web form cannot send this kind without asking first, which is never allowed here.
        if !kind.eq_ignore_ascii_case("application/json") {
            let detail = "say `Content-Type: application/json`, and send JSON";
            return Err(problem::NOT_JSON.because(detail).into());
        }
        let bytes = match timeout(BODY_DEADLINE, Bytes::from_request(request, state)).await {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("a body has at most {MAX_BODY_BYTES} bytes; send less");
                return Err(problem::BODY_TOO_LONG.because(detail).into());
            }
            Ok(Err(rejection)) => {
                let detail =
                    format!("the body broke off ({}); send it again", rejection.body_text());
                return Err(problem::BAD_JSON.because(detail).into());
            }
            Err(_) => {
                let detail = "the body did not come in time; send it at once";
                return Err(problem::SLOW_BODY.because(detail).into());
            }
        };
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let detail = format!("the body is not what this path takes: {error}; see docs/api.md");
            problem::BAD_JSON.because(detail).into()
        })
    }
}
