//! What the page asks beside the rest: whether it may write, and to have a text signed by the wallet of
//! the node.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kusari_node::seam::SayRefusal;

use super::super::guard::{Entrusted, Trusted, host, is_of_page};
use super::super::model::{RateReport, RecordRequest, SessionReport, TransactionReceipt};
use super::super::problem::{self, names};
use super::super::reply::{Answer, accepted};
use super::super::server::RecorderRefusal;
use super::body::Body;
use super::ledger::no_ledger;
use super::records::refused;
use super::{Shared, stopping, unfitting};
use crate::cost;

/// Whether whoever asks is the page of a person who may write.
#[utoipa::path(
    get, path = "/v1/session", tag = "State", operation_id = "session",
    responses((status = 200, description = "Whether it may", body = SessionReport)),
    extensions(("x-problems" = json!(names(&[])))),
)]
pub(super) async fn session(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Json<SessionReport> {
    Json(SessionReport { may_write: is_of_page(&headers, &shared) })
}

/// Gives the page's cookie to whoever shows the token.
#[utoipa::path(
    post, path = "/v1/session", tag = "State", operation_id = "open-session",
    responses((
        status = 200, description = "The cookie is set", body = SessionReport,
        headers(("Set-Cookie" = String, description = "`HttpOnly; SameSite=Strict; Path=/v1`")),
    )),
    security(("token" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::INTERNAL,
    ])))),
)]
pub(super) async fn open_session(
    _: Trusted,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
) -> Answer<Response> {
    let cookie = shared.session.cookie(host(&headers)).ok_or_else(unfitting)?;
    Ok(([(header::SET_COOKIE, cookie)], Json(SessionReport { may_write: true })).into_response())
}

/// How fast work can be redone.
///
/// Measuring this machine takes a moment, at the first question alone.
#[utoipa::path(
    get, path = "/v1/rates", tag = "State", operation_id = "rates",
    responses((status = 200, description = "Tries a second", body = RateReport)),
    extensions(("x-problems" = json!(names(&[
        problem::STOPPING,
    ])))),
)]
pub(super) async fn rates() -> Answer<Json<RateReport>> {
    let machine = tokio::task::spawn_blocking(cost::this_machine).await.map_err(|_| stopping())?;
    let (gpu, gpu_name) = (cost::REFERENCE_GPU_RATE, String::from(cost::REFERENCE_GPU_NAME));
    Ok(Json(RateReport { machine, gpu, gpu_name }))
}

/// Has the node's own wallet sign a text, and the transaction mined.
///
/// Answered once it is on disk; from then on the node sees to it that it is mined.
#[utoipa::path(
    post, path = "/v1/ledger/records", tag = "Ledger", operation_id = "record-on-ledger",
    request_body(content = RecordRequest, example = json!({"text": "hi"})),
    responses((
        status = 202, description = "The transaction is on disk", body = TransactionReceipt,
        headers(("Location" = String, description = "Where to ask about it")),
    )),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::EMPTY_RECORD, problem::WALLET, problem::BAD_TRANSACTION, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn record(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(RecordRequest { text }): Body<RecordRequest>,
) -> Answer<Response> {
    shared.node.store().spec().ok_or_else(no_ledger)?;
    // A signed line with nothing in it is valid, and of no use to whoever sent it by mistake.
    if text.is_empty() {
        return Err(refused(&SayRefusal::Empty));
    }
    let recorder = shared.recorder.clone().ok_or_else(locked)?;
    let node = shared.node.clone();
    let recorded = tokio::task::spawn_blocking(move || recorder(&node, text)).await;
    match recorded.map_err(|_| stopping())? {
        Ok(txid) => {
            let place = HeaderValue::from_str(&format!("/v1/transactions/{txid}"));
            let mut response = accepted(TransactionReceipt { txid });
            response.headers_mut().insert(header::LOCATION, place.map_err(|_| unfitting())?);
            Ok(response)
        }
        Err(RecorderRefusal::Locked) => Err(locked()),
        Err(RecorderRefusal::Refused(why)) => Err(problem::BAD_TRANSACTION.because(why).into()),
        Err(RecorderRefusal::Stopped) => Err(stopping()),
    }
}

fn locked() -> super::super::reply::Refusal {
    let detail = "the wallet of this node is locked: start the node with --passphrase-file, or sign \
                  elsewhere (`kusari record`)";
    problem::WALLET.because(detail).into()
}
