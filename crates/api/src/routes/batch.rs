//! `POST /v1/records/batch`: many texts in one request.
//!
//! Owns their order: the node is given one after another without waiting between them, so that they
//! become durable together, and each is answered for by itself.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use kusari_node::drafts::DraftContent;
use kusari_node::seam::Command;

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, accepted};
use super::body::Body;
use super::{Shared, drafts, records, stopping};
use kusari_api_types::{BatchItem, BatchReport, BatchRequest, MAX_BATCH};

/// Records many texts, in order.
///
/// On a ledger each is a draft that the node's own wallet signs, as `POST /v1/ledger/records` takes
/// it; on the classic chain a line, as `POST /v1/records` does. Answered once those that are taken are
/// on disk. One that is refused keeps none of the others out; none waits for room.
#[utoipa::path(
    post, path = "/v1/records/batch", tag = "Records", operation_id = "record-batch",
    request_body(content = BatchRequest, example = json!({"texts": ["one", "two"]})),
    responses((status = 202, description = "What was taken is on disk", body = BatchReport)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::WALLET, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn batch(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(BatchRequest { texts, fee }): Body<BatchRequest>,
) -> Answer<Response> {
    if texts.is_empty() || texts.len() > MAX_BATCH {
        let detail = format!("a batch has from 1 to {MAX_BATCH} texts; send as many");
        return Err(problem::BAD_REQUEST.because(detail).into());
    }
    let is_ledger = shared.node.store().spec().is_some();
    let mut under_way = Vec::with_capacity(texts.len());
    for text in texts {
        let draft = match is_ledger {
            true => {
                let content = DraftContent::Record(text.clone());
                Some(drafts::of_wallet(&shared, content, fee)?)
            }
            false => None,
        };
        let command = draft.clone().map_or_else(|| Command::Offer(text.clone()), Command::Draft);
        let reply = shared.node.give(command).map_err(|_| stopping())?;
        under_way.push((text, draft, reply));
    }
    let mut results = Vec::with_capacity(under_way.len());
    for (text, draft, reply) in under_way {
        let reply = reply.await.map_err(|_| stopping())?;
        let report = match &draft {
            Some(draft) => drafts::report_of(reply, draft),
            None => {
                let warning = shared.node.snapshot().warning_about(&text);
                records::report_of(reply, text).map(|report| report.with_warning(warning))
            }
        };
        results.push(match report {
            Ok(record) => BatchItem { record: Some(record), problem: None },
            Err(refusal) => BatchItem { record: None, problem: Some(refusal.0) },
        });
    }
    Ok(accepted(BatchReport { results }))
}
