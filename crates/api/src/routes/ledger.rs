//! What a ledger adds: `/v1/ledger`, `/v1/accounts`, `/v1/transactions`, `/v1/mining` and
//! `/v1/erasures`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, BodyEntry, Txid};
use kusari_chain::mempool::{CheckedTransaction, PoolRefusal};
use kusari_node::MiningPolicy;
use kusari_node::seam::{Command, Reply, SayRefusal, SubmitRefusal, WrittenTransaction};
use kusari_node::snapshot::LedgerSummary;
use kusari_node::store::{Erasure, OutboxStore};

use super::super::guard::Entrusted;
use super::super::problem::{self, names};
use super::super::reply::{Answer, Refusal, accepted};
use super::body::Body;
use super::{Shared, records, unfitting};
use kusari_api_types::schema;
use kusari_api_types::{
    AccountReport, EraseRequest, FormerPlace, LedgerReport, MineOnRequest, TransactionPlace,
    TransactionReceipt, TransactionReport,
};
use kusari_store::TransactionPlaces;

pub(super) fn no_ledger() -> Refusal {
    let detail = "this node keeps the classic chain, which has no accounts, proofs or witnesses; start \
                  one with `--chain ledger` or a chain spec";
    problem::NO_LEDGER.because(detail).into()
}

/// The words of a mining policy, as `--mine` takes them.
pub(crate) fn policy_in_words(policy: MiningPolicy) -> String {
    match policy {
        MiningPolicy::OnDemand => String::from("on-demand"),
        MiningPolicy::Interval { seconds } => format!("interval {seconds}"),
        MiningPolicy::Always => String::from("always"),
        MiningPolicy::Off => String::from("off"),
    }
}

/// Which ledger it is, with its parameters, and what waits.
#[utoipa::path(
    get, path = "/v1/ledger", tag = "Ledger", operation_id = "ledger",
    responses((status = 200, description = "The ledger", body = LedgerReport)),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER,
    ])))),
)]
pub(super) async fn ledger(State(shared): State<Arc<Shared>>) -> Answer<Json<LedgerReport>> {
    let snapshot = shared.node.snapshot();
    let spec = shared.node.store().spec().ok_or_else(no_ledger)?;
    let Some(summary) = &snapshot.ledger else { return Err(no_ledger()) };
    let LedgerSummary { chain_id, miner, mining, pooled, pooled_bytes, own_waiting, .. } = summary;
    Ok(Json(LedgerReport {
        chain_id: *chain_id,
        spec,
        mining: policy_in_words(*mining),
        miner: Address(*miner),
        waiting_transactions: *pooled,
        waiting_bytes: *pooled_bytes,
        own_waiting: *own_waiting,
    }))
}

/// What an account owns after the best chain's last block.
///
/// An account that nobody ever paid is there too, with nothing.
#[utoipa::path(
    get, path = "/v1/accounts/{address}", tag = "Ledger", operation_id = "account",
    params(("address" = schema::Address, Path, description = "Whose it is")),
    responses((status = 200, description = "The account", body = AccountReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::BAD_ADDRESS, problem::NO_LEDGER, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn account(
    State(shared): State<Arc<Shared>>,
    address: Result<Path<String>, PathRejection>,
) -> Answer<Json<AccountReport>> {
    let wrong = |error: kusari_chain::ledger::address::AddressError| {
        Refusal(problem::BAD_ADDRESS.because(error.to_string()))
    };
    let Path(address) = address.map_err(|_| not_text())?;
    let address: Address = address.parse().map_err(wrong)?;
    match shared.ask(Command::GetAccount(address.0)).await? {
        Reply::Account { account, next_sequence } => Ok(Json(AccountReport {
            address,
            balance: account.balance,
            sequence: account.sequence,
            next_sequence,
        })),
        Reply::NoLedger => Err(no_ledger()),
        _ => Err(unfitting()),
    }
}

/// Has a signed transaction mined.
///
/// Answered once it is on disk; from then on the node sees to it that it is mined.
#[utoipa::path(
    post, path = "/v1/transactions", tag = "Ledger", operation_id = "submit",
    request_body(content = schema::BodyEntry),
    responses((status = 202, description = "The transaction is on disk", body = TransactionReceipt)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::BAD_TRANSACTION, problem::SEQUENCE, problem::POOL_FULL, problem::OUTBOX_FULL, problem::STORE_FULL, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn submit(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(BodyEntry { transaction, payload }): Body<BodyEntry>,
) -> Answer<Response> {
    let spec = shared.node.store().spec().ok_or_else(no_ledger)?;
    let chain = spec.chain_id();
    let checked = CheckedTransaction::check(transaction, payload, &chain)
        .map_err(|fault| refused(&PoolRefusal::from(fault)))?;
    match shared.ask(Command::Submit(Box::new(WrittenTransaction(checked)))).await? {
        Reply::Submitted(txid) => Ok(accepted(TransactionReceipt { txid })),
        Reply::NotSubmitted(refusal) => Err(not_submitted(&refusal)),
        Reply::NoLedger => Err(no_ledger()),
        _ => Err(unfitting()),
    }
}

/// Why a transaction or a draft is not taken.
pub(super) fn not_submitted(refusal: &SubmitRefusal) -> Refusal {
    let kind = match refusal {
        SubmitRefusal::Pool(refusal) => return refused(refusal),
        SubmitRefusal::Empty => return records::refused(&SayRefusal::Empty),
        SubmitRefusal::OutboxFull { .. } => problem::OUTBOX_FULL,
        SubmitRefusal::StoreFull => problem::STORE_FULL,
        SubmitRefusal::OtherAccount => problem::WALLET,
    };
    kind.because(refusal.to_string()).into()
}

/// What fits again by itself is a conflict; anything else is wrong in the transaction.
pub(super) fn refused(refusal: &PoolRefusal) -> Refusal {
    use kusari_chain::rules::TransactionViolation as Violation;
    let detail = format!("{refusal} [{}]", refusal.code());
    let passing = match refusal {
        PoolRefusal::Transaction(
            Violation::SequenceUsed { .. } | Violation::SequenceGap { .. },
        ) => {
            return problem::SEQUENCE.because(detail).into();
        }
        PoolRefusal::Transaction(_) | PoolRefusal::TooLarge { .. } => false,
        _ => true,
    };
    let kind = if passing { problem::POOL_FULL } else { problem::BAD_TRANSACTION };
    kind.because(detail).into()
}

/// One transaction, and the block that it stands in.
#[utoipa::path(
    get, path = "/v1/transactions/{txid}", tag = "Ledger", operation_id = "transaction",
    params(("txid" = schema::Txid, Path, description = "Its id")),
    responses((status = 200, description = "The transaction", body = TransactionReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_TRANSACTION, problem::NO_LEDGER, problem::STORE, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn transaction(
    State(shared): State<Arc<Shared>>,
    txid: Result<Path<String>, PathRejection>,
) -> Answer<Json<TransactionReport>> {
    let asked = read_txid(txid)?;
    let found = look_up(&shared, asked).await?;
    let snapshot = shared.node.snapshot();
    let record = shared.read_at_once(move |store| {
        let entry = store.entry_of_block(&BlockHash(asked.0))?;
        entry.map(|entry| views::record(entry, store, snapshot.ledger.as_ref())).transpose()
    });
    let Some(record) = record.await? else {
        return found.map(Json).ok_or_else(|| unknown(&asked));
    };
    let is_mined = |report: &TransactionReport| {
        report.block.as_ref().is_some_and(|block| block.confirmations > 0)
    };
    // An id from before the text was signed again leads to where the text is now.
    let mut report = match (found, record.txid) {
        (Some(found), Some(last)) if last == asked || is_mined(&found) => found,
        (found, Some(last)) => {
            look_up(&shared, last).await?.or(found).ok_or_else(|| unknown(&asked))?
        }
        (found, None) => found.ok_or_else(|| unknown(&asked))?,
    };
    report.record = Some(record.id);
    report.former_txid = record.former_txid.filter(|former| *former != report.txid);
    if !is_mined(&report) {
        report.displaced_by = record.displaced_by;
        report.waits &= record.displaced_by.is_none();
    }
    Ok(Json(report))
}

/// A transaction by its id, wherever it is.
async fn look_up(shared: &Shared, txid: Txid) -> Answer<Option<TransactionReport>> {
    // What does not wait is told once it is durable wherever it was mined, so it is asked for first.
    let (known, waits) = match shared.ask(Command::GetTransaction(txid)).await? {
        Reply::Transaction { entry, waits } => (entry, waits),
        Reply::NoLedger => return Err(no_ledger()),
        _ => return Err(unfitting()),
    };
    let stored = shared.read(move |store| {
        let TransactionPlaces { best, beside } = store.transaction_places(&txid)?;
        let former = beside.map(|found| FormerPlace { height: found.height, hash: found.block });
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
            (entry.ok_or_else(unfitting)?, Some(block))
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
    }))
}

/// What a path names is no text at all.
fn not_text() -> Refusal {
    let detail = "the path is not written in UTF-8; see docs/api.md for what names what";
    problem::BAD_REQUEST.because(detail).into()
}

pub(super) fn read_txid(named: Result<Path<String>, PathRejection>) -> Answer<Txid> {
    let Path(text) = named.map_err(|_| not_text())?;
    text.parse().map_err(|error: kusari_chain::ledger::ParseBytesError| {
        problem::BAD_REQUEST.because(error.to_string()).into()
    })
}

pub(super) fn unknown(txid: &Txid) -> Refusal {
    let detail =
        format!("this node knows no transaction {txid}; it may be on its way, or on another chain");
    problem::NO_TRANSACTION.because(detail).into()
}

/// Mines on for a while, although nothing waits: so confirmations come.
#[utoipa::path(
    post, path = "/v1/mining", tag = "Ledger", operation_id = "mine-on",
    request_body(content = MineOnRequest, example = json!({"seconds": 4})),
    responses((status = 202, description = "The node mines on", body = MineOnRequest)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_LEDGER, problem::MINING_OFF, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn mine_on(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(MineOnRequest { seconds }): Body<MineOnRequest>,
) -> Answer<Response> {
    match shared.ask(Command::MineOn { seconds }).await? {
        Reply::MiningOn => Ok(accepted(MineOnRequest { seconds })),
        Reply::MiningIsOff => {
            let detail = "this node was started with `--mine off`; ask one that mines, or start it \
                          without";
            Err(problem::MINING_OFF.because(detail).into())
        }
        Reply::NoLedger => Err(no_ledger()),
        _ => Err(unfitting()),
    }
}

/// Drops the payload of a transaction in a block from this node for good.
///
/// Block, transaction and proofs stay valid; other nodes keep what they have.
#[utoipa::path(
    post, path = "/v1/erasures", tag = "Ledger", operation_id = "erase",
    request_body(content = EraseRequest),
    responses((status = 202, description = "The payload is gone", body = EraseRequest)),
    security(("token" = []), ("page" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::NO_TRANSACTION, problem::NOTHING_TO_ERASE, problem::STORE, problem::STOPPING, problem::INTERNAL,
    ])))),
)]
pub(super) async fn erase(
    _: Entrusted,
    State(shared): State<Arc<Shared>>,
    Body(EraseRequest { txid }): Body<EraseRequest>,
) -> Answer<Response> {
    let found = shared.read(move |store| store.transaction(&txid)).await?;
    let found = found.ok_or_else(|| unknown(&txid))?;
    match shared.ask(Command::Erase(Erasure { block: found.block, place: found.place })).await? {
        Reply::Erased => Ok(accepted(EraseRequest { txid })),
        Reply::NothingToErase => {
            let detail = format!("transaction {txid} carries no payload here, or it was erased");
            Err(problem::NOTHING_TO_ERASE.because(detail).into())
        }
        _ => Err(unfitting()),
    }
}
