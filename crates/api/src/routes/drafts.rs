//! `POST /v1/ledger/records` and `POST /v1/ledger/transfers`: what the node's own wallet signs.

use kusari_node::drafts::{Draft, DraftContent};
use kusari_node::interface::{Drafted, SubmitRefusal};

use super::records::receipt;
use super::*;
use crate::record::payment_of;
use kusari_api_types::{LedgerRecordRequest, RecordReport, RecordState, TransferRequest};

/// Has the node's own wallet sign a text, and the transaction mined.
///
/// Answered once it is on disk; from then on the node signs it as soon as it may, and sees to it that
/// it is mined.
#[openapi::path(
    post, path = "/v1/ledger/records", tag = "Ledger", operation_id = "record-on-ledger",
    request_body(content = LedgerRecordRequest, example = json!({"text": "hi"})),
    responses((
        status = 202, description = "The text is on disk", body = RecordReport,
        headers(("Location" = String, description = "Where to ask about it")),
    )),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([NO_LEDGER, EMPTY_RECORD, BAD_TRANSACTION, POOL_FULL, WALLET, OUTBOX_FULL, STORE_FULL, STOPPING, INTERNAL]))),
)]
pub(super) async fn record(
    _: AuthorisedWrite,
    app: App,
    Body(LedgerRecordRequest { text, fee }): Body<LedgerRecordRequest>,
) -> Answer<Response> {
    draft(&app, DraftContent::Record(text), fee).await
}

/// Has the node's own wallet pay an account, and the transaction mined.
///
/// Answered once it is on disk. A payment is signed once and never again, whatever becomes of it.
#[openapi::path(
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
    extensions(("x-problems" = json!([NO_LEDGER, BAD_TRANSACTION, POOL_FULL, WALLET, OUTBOX_FULL, STORE_FULL, STOPPING, INTERNAL]))),
)]
pub(super) async fn transfer(
    _: AuthorisedWrite,
    app: App,
    Body(TransferRequest { to, amount, note, fee }): Body<TransferRequest>,
) -> Answer<Response> {
    let note = note.filter(|note| !note.is_empty());
    draft(&app, DraftContent::Transfer { to: to.0, amount, note }, fee).await
}

async fn draft(app: &AppState, content: DraftContent, fee: Option<u64>) -> Answer<Response> {
    let draft = of_wallet(app, content, fee)?;
    let drafted = app.ask(request::draft(draft.clone())).await?;
    Ok(receipt(report_of(drafted, &draft)?))
}

/// A draft for the node's own wallet.
pub(super) fn of_wallet(app: &AppState, content: DraftContent, fee: Option<u64>) -> Answer<Draft> {
    let fee = fee.unwrap_or(app.spec()?.min_fee);
    let wallet = app.wallet.as_ref().ok_or(SubmitRefusal::OtherAccount)?;
    Ok(Draft { account: wallet.address().0, fee, content })
}

/// What the node made of a draft.
pub(super) fn report_of(
    drafted: Result<Drafted, SubmitRefusal>,
    draft: &Draft,
) -> Answer<RecordReport> {
    let Drafted { entry, txid, wait } = drafted?;
    let text = draft.text().unwrap_or_default().to_owned();
    let payment = payment_of(draft);
    let state = if txid.is_some() { RecordState::Waiting } else { RecordState::Draft };
    let report = RecordReport::waiting(entry, text);
    Ok(RecordReport { payment, state, txid, waits_for: wait, ..report })
}
