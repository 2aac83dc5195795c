//! `POST /v1/records/batch`: many texts in one request.
//!
//! Owns their order: the node is given one after another without waiting between them, so that they
//! become durable together, and each is answered for by itself.

use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::interface::{Drafted, SayRefusal, SubmitRefusal};
use kusari_node::store::EntryId;
use kusari_runtime::Pending;

use super::*;
use kusari_api_types::{BatchItem, BatchReport, BatchRequest, MAX_BATCH, RecordReport};

/// A text that the node was given.
enum UnderWay {
    Draft(Draft, Pending<Result<Drafted, SubmitRefusal>>),
    Line(String, Pending<Result<EntryId, SayRefusal>>),
}

/// Records many texts, in order.
///
/// On a ledger each is a draft that the node's own wallet signs, as `POST /v1/ledger/records` takes
/// it; on the classic chain a line, as `POST /v1/records` does. Answered once those that are taken are
/// on disk. One that is refused keeps none of the others out; none waits for room.
#[openapi::path(
    post, path = "/v1/records/batch", tag = "Records", operation_id = "record-batch",
    request_body(content = BatchRequest, example = json!({"texts": ["one", "two"]})),
    responses((status = 202, description = "What was taken is on disk", body = BatchReport)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([BAD_REQUEST, WALLET, STOPPING, INTERNAL]))),
)]
pub(super) async fn batch(
    _: AuthorisedWrite,
    app: App,
    Body(BatchRequest { texts, fee }): Body<BatchRequest>,
) -> Answer<Response> {
    if texts.is_empty() || texts.len() > MAX_BATCH {
        let detail = format!("a batch has from 1 to {MAX_BATCH} texts; send as many");
        return Err(BAD_REQUEST.because(detail).into());
    }
    let is_ledger = app.node.store().spec().is_some();
    let mut under_way = Vec::with_capacity(texts.len());
    for text in texts {
        under_way.push(if is_ledger {
            let draft = drafts::of_wallet(&app, DraftContent::Record(text), fee)?;
            UnderWay::Draft(draft.clone(), app.node.give(request::draft(draft))?)
        } else {
            UnderWay::Line(text.clone(), app.node.give(request::offer(text))?)
        });
    }
    let mut results = Vec::with_capacity(under_way.len());
    for one in under_way {
        let report = match one {
            UnderWay::Draft(draft, drafted) => drafts::report_of(drafted.answer().await?, &draft),
            UnderWay::Line(text, saved) => {
                let warning = app.node.snapshot().warning_about(&text);
                let saved = saved.answer().await?.map_err(Refusal::from);
                saved.map(|id| RecordReport::waiting(id, text).with_warning(warning))
            }
        };
        results.push(match report {
            Ok(record) => BatchItem { record: Some(record), problem: None },
            Err(refusal) => BatchItem { record: None, problem: Some(refusal.0) },
        });
    }
    Ok(accepted(BatchReport { results }))
}
