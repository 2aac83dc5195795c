//! What goes back: JSON, or a problem document.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kusari_chain::mempool::PoolRefusal;
use kusari_chain::rules::TransactionViolation;
use kusari_node::interface::{SayRefusal, SubmitRefusal};
use serde::Serialize;

use kusari_api_types::Problem;
use kusari_api_types::problem::*;

/// Seconds after which it is worth to ask again where there was no room: several blocks are mined
/// meanwhile.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"kusari\"");

/// A request that is not done.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Problem);

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Kind> for Refusal {
    fn from(kind: Kind) -> Self {
        Self(kind.into())
    }
}

/// Why the node does not take a line.
impl From<SayRefusal> for Refusal {
    fn from(refusal: SayRefusal) -> Self {
        match refusal {
            SayRefusal::Empty => EMPTY_RECORD.into(),
            SayRefusal::TooLong { bytes, limit } => record_too_long(bytes, limit).into(),
            SayRefusal::Unsigned => UNSIGNED.into(),
            SayRefusal::StoreFull => STORE_FULL.because(refusal).into(),
            SayRefusal::OutboxFull { waiting } => outbox_full(waiting).into(),
        }
    }
}

/// Why the node does not take a transaction or a draft.
impl From<SubmitRefusal> for Refusal {
    fn from(refusal: SubmitRefusal) -> Self {
        let kind = match refusal {
            SubmitRefusal::Pool(refusal) => return refusal.into(),
            SubmitRefusal::NoLedger => return NO_LEDGER.into(),
            SubmitRefusal::Empty => return EMPTY_RECORD.into(),
            SubmitRefusal::OutboxFull { .. } => OUTBOX_FULL,
            SubmitRefusal::StoreFull => STORE_FULL,
            SubmitRefusal::OtherAccount => WALLET,
        };
        kind.because(refusal).into()
    }
}

/// What fits again by itself is a conflict; anything else is wrong in the transaction.
impl From<PoolRefusal> for Refusal {
    fn from(refusal: PoolRefusal) -> Self {
        use TransactionViolation::{SequenceGap, SequenceUsed};
        let kind = match refusal {
            PoolRefusal::Transaction(SequenceUsed { .. } | SequenceGap { .. }) => SEQUENCE,
            PoolRefusal::Transaction(_) | PoolRefusal::TooLarge { .. } => BAD_TRANSACTION,
            _ => POOL_FULL,
        };
        kind.because(format!("{refusal} [{}]", refusal.code())).into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&status) {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// What a handler returns.
pub(crate) type Answer<T> = Result<T, Refusal>;

/// An answer for a command that the node has taken.
pub(crate) fn accepted(body: impl Serialize) -> Response {
    (StatusCode::ACCEPTED, Json(body)).into_response()
}
