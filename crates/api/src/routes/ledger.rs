//! What a ledger adds: `/v1/ledger`, `/v1/accounts`, `/v1/transactions`, `/v1/mining` and
//! `/v1/erasures`.

use kusari_chain::ledger::BodyEntry;
use kusari_chain::mempool::{CheckedTransaction, PoolRefusal};
use kusari_node::MiningPolicy;
use kusari_node::event::BlockName;
use kusari_node::interface::{AccountState, KnownTransaction, WrittenTransaction};
use kusari_node::snapshot::LedgerSummary;
use kusari_node::store::{Erasure, OutboxStore};

use super::*;
use kusari_api_types::{
    AccountReport, EraseRequest, HindranceReport, LedgerReport, MineOnRequest, SubmitRequest,
    TransactionPlace, TransactionReceipt, TransactionReport,
};
use kusari_store::TransactionPlaces;

/// The words of a mining policy, as `--mine` takes them.
fn policy_in_words(policy: MiningPolicy) -> String {
    match policy {
        MiningPolicy::OnDemand => String::from("on-demand"),
        MiningPolicy::Interval { seconds } => format!("interval {seconds}"),
        MiningPolicy::Always => String::from("always"),
        MiningPolicy::Off => String::from("off"),
    }
}

/// Which ledger it is, with its parameters, and what waits.
#[openapi::path(
    get, path = "/v1/ledger", tag = "Ledger", operation_id = "ledger",
    responses((status = 200, description = "The ledger", body = LedgerReport)),
    extensions(("x-problems" = json!([NO_LEDGER]))),
)]
pub(super) async fn ledger(app: App) -> Answer<Json<LedgerReport>> {
    let (snapshot, spec) = (app.node.snapshot(), app.spec()?);
    let summary = snapshot.ledger.as_ref().ok_or(NO_LEDGER)?;
    let LedgerSummary { chain_id, miner, mining, pooled, pooled_bytes, local_transactions, .. } =
        summary;
    Ok(Json(LedgerReport {
        chain_id: *chain_id,
        spec,
        mining: policy_in_words(*mining),
        miner: Address(*miner),
        waiting_transactions: *pooled,
        waiting_bytes: *pooled_bytes,
        local_transactions: *local_transactions,
    }))
}

/// What an account owns after the best chain's last block.
///
/// An account that nobody ever paid is there too, with nothing.
#[openapi::path(
    get, path = "/v1/accounts/{address}", tag = "Ledger", operation_id = "account",
    params(("address" = Address, Path, description = "Whose it is")),
    responses((status = 200, description = "The account", body = AccountReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, BAD_ADDRESS, NO_LEDGER, STOPPING, INTERNAL]))),
)]
pub(super) async fn account(
    app: App,
    Named(address): Named<Address>,
) -> Answer<Json<AccountReport>> {
    let AccountState { account, next_sequence } = app.ask(request::account(address.0)).await??;
    Ok(Json(AccountReport {
        address,
        balance: account.balance,
        sequence: account.sequence,
        next_sequence,
    }))
}

/// Has a signed transaction mined.
///
/// Answered once it is on disk; from then on the node sees to it that it is mined.
#[openapi::path(
    post, path = "/v1/transactions", tag = "Ledger", operation_id = "submit",
    request_body(content = SubmitRequest),
    responses((status = 202, description = "The transaction is on disk", body = TransactionReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([NO_LEDGER, BAD_TRANSACTION, SEQUENCE, POOL_FULL, OUTBOX_FULL, STORE_FULL, STOPPING, INTERNAL]))),
)]
pub(super) async fn submit(
    _: AuthorisedWrite,
    app: App,
    Body(SubmitRequest { transaction, payload }): Body<SubmitRequest>,
) -> Answer<Response> {
    let chain = app.spec()?.chain_id();
    let checked =
        CheckedTransaction::check(transaction, payload, &chain).map_err(PoolRefusal::from)?;
    let txid = app.ask(request::submit(WrittenTransaction(checked))).await??;
    Ok(accepted(TransactionReceipt { txid }))
}

/// One transaction, and the block that it stands in.
#[openapi::path(
    get, path = "/v1/transactions/{txid}", tag = "Ledger", operation_id = "transaction",
    params(("txid" = Txid, Path, description = "Its id")),
    responses((status = 200, description = "The transaction", body = TransactionReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_TRANSACTION, NO_LEDGER, STORE, STOPPING, INTERNAL]))),
)]
pub(super) async fn transaction(
    app: App,
    Named(asked): Named<Txid>,
) -> Answer<Json<TransactionReport>> {
    let snapshot = app.node.snapshot();
    let told = |mut report: TransactionReport| {
        if report.waits {
            report.hindrances = HindranceReport::of_mining(&snapshot);
        }
        Json(report)
    };
    let found = look_up(&app, asked).await?;
    let ledger = snapshot.ledger.clone();
    let record = app.read_at_once(move |store| {
        let entry = store.entry_of_block(&BlockHash(asked.0))?;
        entry.map(|entry| views::record(entry, store, ledger.as_ref())).transpose()
    });
    let Some(record) = record.await? else {
        return found.map(told).ok_or_else(|| no_transaction(&asked).into());
    };
    let is_mined = |report: &TransactionReport| {
        report.block.as_ref().is_some_and(|block| block.confirmations > 0)
    };
    // An id from before the text was signed again leads to where the text is now.
    let is_there =
        |last: &Txid| found.as_ref().is_some_and(|found| *last == asked || is_mined(found));
    let found = match record.txid.filter(|last| !is_there(last)) {
        Some(last) => look_up(&app, last).await?.or(found),
        None => found,
    };
    let mut report = found.ok_or_else(|| no_transaction(&asked))?;
    report.record = Some(record.id);
    report.former_txid = record.former_txid.filter(|former| *former != report.txid);
    if !is_mined(&report) {
        report.displaced_by = record.displaced_by;
        report.waits &= record.displaced_by.is_none();
    }
    Ok(told(report))
}

/// A transaction by its id, wherever it is.
async fn look_up(app: &AppState, txid: Txid) -> Answer<Option<TransactionReport>> {
    // What does not wait is told once it is durable wherever it was mined, so it is asked for first.
    let KnownTransaction { entry: known, waits } = app.ask(request::transaction(txid)).await??;
    let stored = app.read(move |store| {
        let TransactionPlaces { best, beside } = store.transaction_places(&txid)?;
        let former = beside.map(|found| BlockName { height: found.height, hash: found.block });
        let found = best.or(beside);
        let placed = match &found {
            Some(found) => store.placed(&found.block)?,
            None => None,
        };
        Ok((found.zip(placed), former))
    });
    let (found, former) = stored.await?;
    // An outbox entry is known by both ids of a text that was signed again, in its last form.
    let known = known.filter(|entry| entry.transaction.txid() == txid);
    let mined = found.as_ref().is_some_and(|(found, _)| found.on_best_chain);
    let waits = waits && !mined;
    let (entry, block) = match (known, found) {
        (Some(entry), _) if waits => (*entry, None),
        (_, Some((found, placed))) => {
            let block = TransactionPlace {
                height: found.height,
                hash: found.block,
                timestamp: placed.block.block.timestamp,
                place: found.place,
                confirmations: placed.confirmations.unwrap_or(0),
            };
            let part = placed.block.ledger.as_ref();
            let place = usize::try_from(found.place).unwrap_or(usize::MAX);
            let entry = part.and_then(|part| part.body.get(place).cloned());
            (entry.ok_or(INTERNAL)?, Some(block))
        }
        (Some(entry), None) => (*entry, None),
        (None, None) => return Ok(None),
    };
    let beside = former.filter(|former| block.as_ref().is_none_or(|at| at.hash != former.hash));
    let BodyEntry { transaction, payload } = entry;
    let (displaced_by, former_txid, record) = (None, None, None);
    Ok(Some(TransactionReport {
        txid,
        transaction,
        payload,
        waits,
        displaced_by,
        former_txid,
        record,
        block,
        beside,
        hindrances: Vec::new(),
    }))
}

/// Mines on for a while, although nothing waits: so confirmations come.
#[openapi::path(
    post, path = "/v1/mining", tag = "Ledger", operation_id = "mine-on",
    request_body(content = MineOnRequest, example = json!({"seconds": 4})),
    responses((status = 202, description = "The node mines on", body = MineOnRequest)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([NO_LEDGER, MINING_OFF, STOPPING, INTERNAL]))),
)]
pub(super) async fn mine_on(
    _: AuthorisedWrite,
    app: App,
    Body(MineOnRequest { seconds }): Body<MineOnRequest>,
) -> Answer<Response> {
    match app.ask(request::mine_on(seconds)).await?? {
        true => Ok(accepted(MineOnRequest { seconds })),
        false => Err(MINING_OFF.into()),
    }
}

/// Drops the payload of a transaction in a block from this node for good.
///
/// Block, transaction and proofs stay valid; other nodes keep what they have.
#[openapi::path(
    post, path = "/v1/erasures", tag = "Ledger", operation_id = "erase",
    request_body(content = EraseRequest),
    responses((status = 202, description = "The payload is gone", body = EraseRequest)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!([NO_TRANSACTION, NOTHING_TO_ERASE, STORE, STOPPING, INTERNAL]))),
)]
pub(super) async fn erase(
    _: AuthorisedWrite,
    app: App,
    Body(EraseRequest { txid }): Body<EraseRequest>,
) -> Answer<Response> {
    let found = app.read(move |store| store.transaction(&txid)).await?;
    let found = found.ok_or_else(|| no_transaction(&txid))?;
    match app.ask(request::erase(Erasure { block: found.block, place: found.place })).await? {
        true => Ok(accepted(EraseRequest { txid })),
        false => Err(nothing_to_erase(&txid).into()),
    }
}
