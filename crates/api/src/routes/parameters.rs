//! What a request names in its path and its query, read before its handler runs.

use std::str::FromStr;

use axum::extract::{self, FromRequestParts, Path};
use axum::http::request::Parts;
use serde::Deserializer;
use serde::de::{DeserializeOwned, Error as _};

use super::*;
use kusari_store::event_log::{Subject, UnknownSubject};

/// Most entries of a page: from 1 to `MOST`, which is also what a caller gets that does not say.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Limit<const MOST: u32>(pub(super) u32);

impl<const MOST: u32> Limit<MOST> {
    pub(super) fn count(self) -> usize {
        self.0 as usize
    }
}

impl<const MOST: u32> Default for Limit<MOST> {
    fn default() -> Self {
        Self(MOST)
    }
}

impl<const MOST: u32> TryFrom<u32> for Limit<MOST> {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, Self::Error> {
        (1..=MOST).contains(&limit).then_some(Self(limit)).ok_or("no such limit")
    }
}

/// A parameter as the type reads it from text.
pub(super) struct Parsed<T>(pub(super) T);

impl<'de, T: FromStr> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("not of this form"))
    }
}

/// The parameters of a query.
pub(super) struct Query<T>(pub(super) T);

/// Parameters with the sentence for callers that send others.
pub(super) trait Usage: DeserializeOwned {
    const USAGE: &str;
}

impl<T: Usage, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        match extract::Query::try_from_uri(&parts.uri) {
            Ok(extract::Query(read)) => Ok(Self(read)),
            Err(_) => Err(BAD_REQUEST.because(T::USAGE).into()),
        }
    }
}

/// Defines the parameters of a query: their name, their [`Usage`], and the fields.
macro_rules! parameters {
    ($name:ident: $usage:literal; $($fields:tt)*) => {
        #[derive(Deserialize, openapi::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            $($fields)*
        }

        impl Usage for $name {
            const USAGE: &str = $usage;
        }
    };
}
pub(super) use parameters;

/// What the last part of the path names.
pub(super) struct Named<T>(pub(super) T);

pub(super) trait Name: Sized {
    fn read(text: &str) -> Result<Self, Problem>;
}

impl<T: Name, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Answer<Self> {
        let Ok(Path(text)) = Path::<String>::from_request_parts(parts, state).await else {
            let detail = "the path is not written in UTF-8; see docs/api.md for what names what";
            return Err(BAD_REQUEST.because(detail).into());
        };
        Ok(Self(T::read(&text)?))
    }
}

impl Name for Txid {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse::<Self>().map_err(|error| BAD_REQUEST.because(error))
    }
}

impl Name for Address {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse::<Self>().map_err(|error| BAD_ADDRESS.because(error))
    }
}

impl Name for Subject {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse().map_err(|error: UnknownSubject| BAD_REQUEST.because(error))
    }
}

/// The last block of a branch.
impl Name for BlockHash {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse().map_err(|_| {
            BAD_REQUEST.because("a branch is named by the 64 digits of the hash of its last block")
        })
    }
}

/// The number of a record.
impl Name for u64 {
    fn read(text: &str) -> Result<Self, Problem> {
        text.parse().map_err(|_| {
            BAD_REQUEST.because("a record is named by its number on this node, as in /v1/records/1")
        })
    }
}
