//! `GET /v1/headers`, `/v1/branches/{hash}`, `/v1/mempool`, `/v1/accounts`, `/v1/records`, `/v1/named` and
//! `/v1/search`: for those who look around.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use kusari_chain::BlockHash;
use kusari_chain::BlockStore;
use kusari_chain::ledger::{Address, BodyEntry, ContentHash, PublicKey, SignedTransaction, Txid};
use kusari_node::seam::{self, Command, Reply};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::ledger::no_ledger;
use super::{Shared, unfitting};
use kusari_api_types::branches::no_branch;
use kusari_api_types::schema;
use kusari_api_types::{
    AccountList, AccountSummary, BranchHeaders, HeaderPage, MempoolReport, NamedReport, RecordList,
    TextList, WaitingTransaction,
};

/// Most headers of one page, and as many as it has where nobody says how many.
const MAX_HEADERS: u32 = 1_024;
/// Most headers of a branch, the highest ones.
const MAX_BRANCH: usize = 256;
/// Most entries of any other page.
const MAX_LIMIT: usize = 100;
/// Longest text that is searched for, in bytes.
const MAX_TEXT: usize = 1_024;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Stretch {
    /// Height of the first one; 0 where there is none.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most headers of the answer.
    #[param(minimum = 1, maximum = 1024, nullable = false)]
    limit: Option<u32>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PoolPage {
    /// `next` of the page before: an address, a dot and a sequence.
    #[param(nullable = false)]
    after: Option<String>,
    /// Most transactions or records of the answer.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountPage {
    /// `next` of the page before.
    #[param(value_type = Option<schema::Address>, nullable = false)]
    after: Option<String>,
    /// Most accounts of the answer.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    /// `next` of the page before.
    #[param(maximum = 18446744073709551615u64, nullable = false)]
    before: Option<u64>,
    /// Most records of the answer.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<usize>,
    /// Whether those alone are meant that wait, or were displaced; not unless it says so.
    #[param(nullable = false)]
    open: Option<bool>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// What is searched for, 1,024 bytes at most.
    #[param(min_length = 1, max_length = 1024)]
    text: String,
    /// `next` of the page before.
    #[param(minimum = 1, maximum = 4294967295u32, nullable = false)]
    before: Option<u32>,
    /// Most places of the answer.
    #[param(minimum = 1, maximum = 100, nullable = false)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Name {
    /// A height, a hash, an id or an address.
    name: String,
}

/// How many entries a page has.
fn size(limit: Option<usize>) -> Option<usize> {
    Some(limit.unwrap_or(MAX_LIMIT)).filter(|limit| (1..=MAX_LIMIT).contains(limit))
}

/// A stretch of the best chain without what stands in its blocks.
#[utoipa::path(
    get, path = "/v1/headers", tag = "Blocks", operation_id = "headers",
    params(Stretch),
    responses((status = 200, description = "The headers", body = HeaderPage)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STORE,
    ])))),
)]
pub(super) async fn headers(
    State(shared): State<Arc<Shared>>,
    stretch: Result<Query<Stretch>, QueryRejection>,
) -> Answer<Json<HeaderPage>> {
    let wrong = || {
        problem::BAD_REQUEST.because(format!(
            "headers are asked for with `from`, a height, and `limit`, from 1 to {MAX_HEADERS}, as in \
             /v1/headers?from=0&limit=10"
        ))
    };
    let Ok(Query(Stretch { from, limit })) = stretch else { return Err(wrong().into()) };
    let (from, limit) = (from.unwrap_or(0), limit.unwrap_or(MAX_HEADERS));
    if !(1..=MAX_HEADERS).contains(&limit) {
        return Err(wrong().into());
    }
    let (headers, next) = shared.read(move |store| store.headers(from, limit)).await?;
    let headers = headers.into_iter().map(views::header).collect();
    Ok(Json(HeaderPage { headers, next }))
}

/// The blocks of a branch beside the best chain up to one of them, without what stands in them.
#[utoipa::path(
    get, path = "/v1/branches/{hash}", tag = "Branches", operation_id = "branch",
    params(("hash" = schema::BlockHash, Path, description = "The hash of its last block")),
    responses((status = 200, description = "The headers, the highest 256 at most", body = BranchHeaders)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_BRANCH, problem::STORE,
    ])))),
)]
pub(super) async fn branch(
    State(shared): State<Arc<Shared>>,
    hash: Result<Path<BlockHash>, PathRejection>,
) -> Answer<Json<BranchHeaders>> {
    let Ok(Path(hash)) = hash else {
        let detail = "a branch is named by the 64 digits of the hash of its last block";
        return Err(problem::BAD_REQUEST.because(detail).into());
    };
    let found = shared.read(move |store| store.branch(&hash, MAX_BRANCH)).await?;
    let headers = found.ok_or_else(|| problem::NO_BRANCH.because(no_branch(&hash)))?;
    Ok(Json(BranchHeaders { headers: headers.into_iter().map(views::header).collect() }))
}

/// What waits to be mined.
#[utoipa::path(
    get, path = "/v1/mempool", tag = "State", operation_id = "mempool",
    params(PoolPage),
    responses((status = 200, description = "What waits", body = MempoolReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STOPPING, problem::INTERNAL, problem::STORE,
    ])))),
)]
pub(super) async fn mempool(
    State(shared): State<Arc<Shared>>,
    page: Result<Query<PoolPage>, QueryRejection>,
) -> Answer<Json<MempoolReport>> {
    let asked = page.ok().and_then(|Query(PoolPage { after, limit })| {
        let after = match after {
            Some(after) => Some(read_place(&after)?),
            None => None,
        };
        Some((after, size(limit)?))
    });
    let (after, limit) = asked.ok_or_else(|| {
        problem::BAD_REQUEST.because(format!(
            "what waits is asked for with `limit`, from 1 to {MAX_LIMIT}, and `after`, the `next` of \
             the page before"
        ))
    })?;
    let snapshot = shared.node.snapshot();
    let Some(ledger) = &snapshot.ledger else {
        let records = shared.read_at_once(move |store| {
            let open = store.entries(None, true, limit)?.into_iter();
            open.map(|entry| views::record(entry, store, None)).collect()
        });
        let records = records.await?;
        let (count, bytes, transactions, next) = (0, 0, Vec::new(), None);
        return Ok(Json(MempoolReport { count, bytes, transactions, next, records }));
    };
    let (page, more) = match shared.ask(Command::GetPool { after, limit }).await? {
        Reply::Pool { page, more } => (page, more),
        _ => return Err(unfitting()),
    };
    let next = page.last().filter(|_| more).map(|last| {
        let SignedTransaction { sender, sequence, .. } = last.entry.transaction;
        format!("{}.{sequence}", Address(sender))
    });
    let transactions = page.into_iter().map(|waiting| {
        let seam::WaitingTransaction { entry: BodyEntry { transaction, payload }, since, own } =
            waiting;
        WaitingTransaction { txid: transaction.txid(), transaction, payload, since, own }
    });
    Ok(Json(MempoolReport {
        count: ledger.pooled,
        bytes: ledger.pooled_bytes,
        transactions: transactions.collect(),
        next,
        records: Vec::new(),
    }))
}

/// A place in the pool: `ADDRESS.SEQUENCE`.
fn read_place(text: &str) -> Option<(PublicKey, u64)> {
    let (address, sequence) = text.split_once('.')?;
    let address: Address = address.parse().ok()?;
    Some((address.0, sequence.parse().ok()?))
}

/// Accounts that have something or did something, in order of keys.
#[utoipa::path(
    get, path = "/v1/accounts", tag = "Ledger", operation_id = "accounts",
    params(AccountPage),
    responses((status = 200, description = "The accounts", body = AccountList)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_LEDGER, problem::STORE,
    ])))),
)]
pub(super) async fn accounts(
    State(shared): State<Arc<Shared>>,
    page: Result<Query<AccountPage>, QueryRejection>,
) -> Answer<Json<AccountList>> {
    let asked = page.ok().and_then(|Query(AccountPage { after, limit })| {
        let after: Option<Address> = after.map(|after| after.parse()).transpose().ok()?;
        Some((after.map(|address| address.0), size(limit)?))
    });
    let (after, limit) = asked.ok_or_else(|| {
        problem::BAD_REQUEST.because(format!(
            "accounts are asked for with `limit`, from 1 to {MAX_LIMIT}, and `after`, the `next` of \
             the page before"
        ))
    })?;
    shared.node.store().spec().ok_or_else(no_ledger)?;
    let found = shared.read(move |store| store.accounts_after(after.as_ref(), limit + 1));
    let mut found = found.await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| Address(last.key));
    let accounts = found.into_iter().map(|account| AccountSummary {
        address: Address(account.key),
        balance: account.balance,
        sequence: account.sequence,
    });
    Ok(Json(AccountList { accounts: accounts.collect(), next }))
}

/// What was entrusted to this node, the newest first.
#[utoipa::path(
    get, path = "/v1/records", tag = "Records", operation_id = "records",
    params(Before),
    responses((status = 200, description = "The records", body = RecordList)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STORE,
    ])))),
)]
pub(super) async fn records(
    State(shared): State<Arc<Shared>>,
    page: Result<Query<Before>, QueryRejection>,
) -> Answer<Json<RecordList>> {
    let asked = page.ok().and_then(|Query(Before { before, limit, open })| {
        Some((before, size(limit)?, open.unwrap_or(false)))
    });
    let (before, limit, open) = asked.ok_or_else(|| {
        problem::BAD_REQUEST.because(format!(
            "records are asked for with `limit`, from 1 to {MAX_LIMIT}, `before`, the `next` of the \
             page before, and `open`, true or false"
        ))
    })?;
    let snapshot = shared.node.snapshot();
    let list = shared
        .read(move |store| views::records(store, (before, open, limit), snapshot.ledger.as_ref()));
    Ok(Json(list.await?))
}

/// What has this name, whatever kind of thing it is.
#[utoipa::path(
    get, path = "/v1/named", tag = "State", operation_id = "named",
    params(Name),
    responses((status = 200, description = "What has it; nothing where nothing does", body = NamedReport)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STOPPING, problem::INTERNAL, problem::STORE,
    ])))),
)]
pub(super) async fn named(
    State(shared): State<Arc<Shared>>,
    name: Result<Query<Name>, QueryRejection>,
) -> Answer<Json<NamedReport>> {
    let Ok(Query(Name { name })) = name else {
        let detail = "a thing is named by `name`: a height, a hash, an id or an address";
        return Err(problem::BAD_REQUEST.because(detail).into());
    };
    let name = name.trim().to_lowercase();
    let account = name.parse::<Address>().ok().filter(|_| shared.node.snapshot().ledger.is_some());
    let waiting = match name.parse::<Txid>() {
        Ok(txid) => shared.ask(Command::GetTransaction(txid)).await?,
        Err(_) => Reply::NoLedger,
    };
    let waits = matches!(waiting, Reply::Transaction { entry: Some(_), .. });
    let found = shared.read(move |store| {
        let placed = match (name.parse::<u32>(), name.parse::<BlockHash>()) {
            (Ok(height), _) if !name.starts_with('+') => store.placed_at(height)?,
            (_, Ok(hash)) => store.placed(&hash)?,
            _ => None,
        };
        let block = placed.map(|placed| placed.block.block.hash);
        let Ok(txid) = name.parse::<Txid>() else { return Ok((block, None)) };
        if waits || store.transaction(&txid)?.is_some() {
            return Ok((block, Some(txid)));
        }
        let said = store.transactions_with(&ContentHash(txid.0), None, 1)?.found;
        Ok((block, said.first().map(|one| one.transaction.txid())))
    });
    let (block, transaction) = found.await?;
    Ok(Json(NamedReport { block, transaction, account }))
}

/// Where a text stands in the best chain, whatever its case; the youngest block first.
#[utoipa::path(
    get, path = "/v1/search", tag = "Blocks", operation_id = "search-text",
    params(Search),
    responses((status = 200, description = "Where it stands", body = TextList)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::STORE,
    ])))),
)]
pub(super) async fn search(
    State(shared): State<Arc<Shared>>,
    search: Result<Query<Search>, QueryRejection>,
) -> Answer<Json<TextList>> {
    let asked = search.ok().and_then(|Query(Search { text, before, limit })| {
        let fits = (1..=MAX_TEXT).contains(&text.len()) && before != Some(0);
        Some((text, before, size(limit)?)).filter(|_| fits)
    });
    let (text, before, limit) = asked.ok_or_else(|| {
        problem::BAD_REQUEST.because(format!(
            "a text is searched for with `text`, from 1 to {MAX_TEXT} bytes, `limit`, from 1 to \
             {MAX_LIMIT}, and `before`, the `next` of the page before"
        ))
    })?;
    let page = shared.read(move |store| store.blocks_saying(&text, before, limit)).await?;
    let found = page.found.into_iter().map(views::text).collect();
    Ok(Json(TextList { found, next: page.next }))
}
