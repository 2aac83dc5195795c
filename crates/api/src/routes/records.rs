//! `POST /v1/records` and `GET /v1/records/{id}`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use kusari_node::seam::{Command, Reply, SayRefusal};
use tokio::time::{Duration, Instant, timeout_at};

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, Refusal, accepted};
use super::body::Body;
use super::{Shared, stopping, unfitting};
use kusari_api_types::{RecordReport, RecordRequest};

/// Longest wait for room that may be asked for.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Records a line of text.
///
/// Answered once the line is on disk; from then on it will be mined, whatever happens to the node.
#[utoipa::path(
    post, path = "/v1/records", tag = "Records", operation_id = "record",
    params(
        ("Prefer" = Option<String>, Header, description = "`wait=SECONDS`: how long to wait for room, 30 at most", example = "wait=30"),
    ),
    request_body(content = RecordRequest, example = json!({"text": "hi"})),
    responses((
        status = 202, description = "The line is on disk", body = RecordReport,
        headers(("Location" = String, description = "Where to ask about it")),
    )),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::EMPTY_RECORD, problem::RECORD_TOO_LONG, problem::UNSIGNED, problem::OUTBOX_FULL, problem::STORE_FULL, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn record(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Body(RecordRequest { text }): Body<RecordRequest>,
) -> Answer<Response> {
    let deadline = Instant::now() + wait(&headers);
    let mut snapshots = shared.node.snapshots();
    loop {
        let waiting = match shared.ask(Command::Offer(text.clone())).await? {
            Reply::Saved(id) => {
                let warning = snapshots.borrow().warning_about(&text);
                return receipt(RecordReport::waiting(id, text).with_warning(warning));
            }
            Reply::Refused(SayRefusal::OutboxFull { waiting }) => waiting,
            Reply::Refused(refusal) => return Err(refused(&refusal)),
            _ => return Err(unfitting()),
        };
        if Instant::now() >= deadline {
            return Err(full(waiting));
        }
        let room = snapshots.wait_for(|snapshot| snapshot.waiting_lines < waiting);
        match timeout_at(deadline, room).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return Err(stopping()),
            Err(_) => return Err(full(waiting)),
        }
    }
}

fn full(waiting: u64) -> Refusal {
    let detail = format!(
        "as many records wait to be mined as may, which is {waiting}; try again when some are, or \
         say `Prefer: wait=30` to wait for room"
    );
    problem::OUTBOX_FULL.because(detail).into()
}

/// What the node made of a line that does not wait for room.
pub(super) fn report_of(reply: Reply, text: String) -> Answer<RecordReport> {
    match reply {
        Reply::Saved(id) => Ok(RecordReport::waiting(id, text)),
        Reply::Refused(refusal) => Err(refused(&refusal)),
        _ => Err(unfitting()),
    }
}

/// The answer to a write that the node has taken.
pub(super) fn receipt(report: RecordReport) -> Answer<Response> {
    let place = HeaderValue::from_str(&format!("/v1/records/{}", report.id));
    let mut response = accepted(report);
    let place = place.map_err(|_| unfitting())?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(super) fn refused(refusal: &SayRefusal) -> Refusal {
    match refusal {
        SayRefusal::Empty => problem::EMPTY_RECORD.because("the record is empty; send some text"),
        SayRefusal::TooLong { bytes, limit } => problem::RECORD_TOO_LONG.because(format!(
            "the record takes {bytes} bytes, at most {limit} fit a block; shorten it or split it"
        )),
        SayRefusal::Unsigned => problem::UNSIGNED.because(
            "this chain is a ledger, whose texts are signed: POST /v1/ledger/records, or `kusari record`",
        ),
        SayRefusal::StoreFull => problem::STORE_FULL.because(refusal.to_string()),
        SayRefusal::OutboxFull { waiting } => return full(*waiting),
    }
    .into()
}

/// How long the asker would wait for room, by `Prefer: wait=SECONDS` (RFC 7240); not at all unless
/// it says so.
fn wait(headers: &HeaderMap) -> Duration {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let wait = values
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().parse().ok());
    wait.map_or(Duration::ZERO, Duration::from_secs).min(MAX_WAIT)
}

/// A record of this node, and the block of the best chain that it stands in.
#[utoipa::path(
    get, path = "/v1/records/{id}", tag = "Records", operation_id = "record-report",
    params(("id" = u64, Path, description = "Its number on this node, from 1", maximum = 18446744073709551615u64, example = 1)),
    responses((status = 200, description = "The record", body = RecordReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_RECORD, problem::STORE,
    ])))),
)]
pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    id: Result<Path<u64>, PathRejection>,
) -> Answer<Json<RecordReport>> {
    let Ok(Path(id)) = id else {
        let detail = "a record is named by its number on this node, as in /v1/records/1";
        return Err(problem::BAD_REQUEST.because(detail).into());
    };
    let snapshot = shared.node.snapshot();
    let found = shared.read(move |store| {
        let found = store.entry(id)?;
        found.map(|(entry, _)| views::record(entry, store, snapshot.ledger.as_ref())).transpose()
    });
    let report = found.await?.ok_or_else(|| {
        let detail = format!("this node has no record {id}; its numbers count up from 1");
        problem::NO_RECORD.because(detail)
    })?;
    Ok(Json(report))
}
