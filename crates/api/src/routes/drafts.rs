//! `POST /v1/ledger/records` and `POST /v1/ledger/transfers`: what the node's own wallet signs.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use kusari_chain::ledger::Address;
use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::seam::{Command, Reply, SubmitRefusal};

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::body::Body;
use super::ledger::{no_ledger, not_submitted};
use super::records::receipt;
use super::{Shared, unfitting};
use kusari_api_types::{
    LedgerRecordRequest, PaymentReport, RecordReport, RecordState, TransferRequest,
};

/// Has the node's own wallet sign a text, and the transaction mined.
///
/// Answered once it is on disk; from then on the node signs it as soon as it may, and sees to it that
/// it is mined.
#[utoipa::path(
    post, path = "/v1/ledger/records", tag = "Ledger", operation_id = "record-on-ledger",
    request_body(content = LedgerRecordRequest, example = json!({"text": "hi"})),
    responses((
        status = 202, description = "The text is on disk", body = RecordReport,
        headers(("Location" = String, description = "Where to ask about it")),
    )),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::EMPTY_RECORD, problem::BAD_TRANSACTION, problem::POOL_FULL,
        problem::WALLET, problem::OUTBOX_FULL, problem::STORE_FULL, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn record(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(LedgerRecordRequest { text, fee }): Body<LedgerRecordRequest>,
) -> Answer<Response> {
    draft(&shared, DraftContent::Record(text), fee).await
}

/// Has the node's own wallet pay an account, and the transaction mined.
///
/// Answered once it is on disk. A payment is signed once and never again, whatever becomes of it.
#[utoipa::path(
    post, path = "/v1/ledger/transfers", tag = "Ledger", operation_id = "transfer",
    request_body(
        content = TransferRequest,
        example = json!({
            "to": "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3", "amount": 3,
        }),
    ),
    responses((
        status = 202, description = "The payment is on disk", body = RecordReport,
        headers(("Location" = String, description = "Where to ask about it")),
    )),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::BAD_TRANSACTION, problem::POOL_FULL, problem::WALLET,
        problem::OUTBOX_FULL, problem::STORE_FULL, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn transfer(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(TransferRequest { to, amount, note, fee }): Body<TransferRequest>,
) -> Answer<Response> {
    let note = note.filter(|note| !note.is_empty());
    draft(&shared, DraftContent::Transfer { to: to.0, amount, note }, fee).await
}

async fn draft(shared: &Shared, content: DraftContent, fee: Option<u64>) -> Answer<Response> {
    let draft = of_wallet(shared, content, fee)?;
    let reply = shared.ask(Command::Draft(draft.clone())).await?;
    receipt(report_of(reply, &draft)?)
}

/// A draft for the node's own wallet.
pub(super) fn of_wallet(shared: &Shared, content: DraftContent, fee: Option<u64>) -> Answer<Draft> {
    let spec = shared.node.store().spec().ok_or_else(no_ledger)?;
    let Some(wallet) = &shared.wallet else {
        return Err(problem::WALLET.because(SubmitRefusal::OtherAccount.to_string()).into());
    };
    let fee = fee.unwrap_or(spec.min_fee);
    Ok(Draft { account: wallet.address().0, fee, content })
}

/// What the node made of a draft.
pub(super) fn report_of(reply: Reply, draft: &Draft) -> Answer<RecordReport> {
    let text = draft.text().unwrap_or_default().to_owned();
    let payment = match draft.content {
        DraftContent::Record(_) => None,
        DraftContent::Transfer { to, amount, .. } => {
            Some(PaymentReport { to: Address(to), amount })
        }
    };
    match reply {
        Reply::Drafted { entry, txid, wait } => {
            let state = if txid.is_some() { RecordState::Waiting } else { RecordState::Draft };
            let report = RecordReport::waiting(entry, text);
            Ok(RecordReport { payment, state, txid, waits_for: wait, ..report })
        }
        Reply::NotSubmitted(refusal) => Err(not_submitted(&refusal)),
        Reply::NoLedger => Err(no_ledger()),
        _ => Err(unfitting()),
    }
}
