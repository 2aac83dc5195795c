//! `POST /v1/records` and `GET /v1/records/{id}`.

use axum::http::StatusCode;
use kusari_node::interface::SayRefusal;
use tokio::time::timeout_at;

use super::*;
use kusari_api_types::{RecordReport, RecordRequest};

/// Longest wait for room that may be asked for.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Records a line of text.
///
/// Answered once the line is on disk; from then on it will be mined, whatever happens to the node.
#[openapi::path(
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
    extensions(("x-problems" = json!([EMPTY_RECORD, RECORD_TOO_LONG, UNSIGNED, OUTBOX_FULL, STORE_FULL, STOPPING, INTERNAL]))),
)]
pub(super) async fn record(
    _: AuthorisedWrite,
    app: App,
    headers: HeaderMap,
    Body(RecordRequest { text }): Body<RecordRequest>,
) -> Answer<Response> {
    let deadline = Instant::now() + wait(&headers);
    let mut snapshots = app.node.snapshots();
    loop {
        let waiting = match app.ask(request::offer(text.clone())).await? {
            Ok(id) => {
                let warning = snapshots.borrow().warning_about(&text);
                return Ok(receipt(RecordReport::waiting(id, text).with_warning(warning)));
            }
            Err(SayRefusal::OutboxFull { waiting }) => waiting,
            Err(refusal) => return Err(refusal.into()),
        };
        if Instant::now() >= deadline {
            return Err(outbox_full(waiting).into());
        }
        let room = snapshots.wait_for(|snapshot| snapshot.waiting_entries < waiting);
        match timeout_at(deadline, room).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => return Err(STOPPING.into()),
            Err(_) => return Err(outbox_full(waiting).into()),
        }
    }
}

/// The answer to a write that the node has taken.
pub(super) fn receipt(report: RecordReport) -> Response {
    let place = format!("/v1/records/{}", report.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, place)], Json(report)).into_response()
}

/// How long the caller would wait for room, by `Prefer: wait=SECONDS` (RFC 7240); not at all unless
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
#[openapi::path(
    get, path = "/v1/records/{id}", tag = "Records", operation_id = "record-report",
    params(("id" = u64, Path, description = "Its number on this node, from 1", maximum = 18446744073709551615u64, example = 1)),
    responses((status = 200, description = "The record", body = RecordReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_RECORD, STORE]))),
)]
pub(super) async fn one(app: App, Named(id): Named<u64>) -> Answer<Json<RecordReport>> {
    let snapshot = app.node.snapshot();
    let found = app.read(move |store| {
        let found = store.entry(id)?;
        found.map(|(entry, _)| views::record(entry, store, snapshot.ledger.as_ref())).transpose()
    });
    Ok(Json(found.await?.ok_or_else(|| no_record(id))?))
}
