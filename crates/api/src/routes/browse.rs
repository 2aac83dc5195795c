//! `GET /v1/headers`, `/v1/branches/{hash}`, `/v1/mempool`, `/v1/accounts`, `/v1/records`, `/v1/named` and
//! `/v1/search`: for those who look around.

use std::num::NonZeroU32;
use std::str::FromStr;

use kusari_chain::BlockStore;
use kusari_chain::ledger::{BodyEntry, ContentHash, PublicKey, SignedTransaction};
use kusari_node::interface;

use super::blocks::BlockName;
use super::*;
use kusari_api_types::branches::no_branch;
use kusari_api_types::{
    AccountList, AccountSummary, BranchHeaders, HeaderPage, MempoolReport, NamedReport, RecordList,
    TextList, WaitingTransaction,
};

/// Most headers of one page.
const MAX_HEADERS: u32 = 1_024;
/// Most headers of a branch, the highest ones.
const MAX_BRANCH: usize = 256;
/// Most entries of any other page.
const MAX_ENTRIES: u32 = 100;
/// Longest text that is searched for, in bytes.
const MAX_TEXT: usize = 1_024;

parameters! {
    HeaderRange:
    "headers are asked for with `from`, a height, and `limit`, from 1 to 1024, as in \
     /v1/headers?from=0&limit=10";
    /// Height of the first one; 0 where there is none.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most headers of the answer.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1024, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_HEADERS>,
}

/// A stretch of the best chain without what stands in its blocks.
#[openapi::path(
    get, path = "/v1/headers", tag = "Blocks", operation_id = "headers",
    params(HeaderRange),
    responses((status = 200, description = "The headers", body = HeaderPage)),
    extensions(("x-problems" = json!([BAD_REQUEST, STORE]))),
)]
pub(super) async fn headers(
    app: App,
    Query(HeaderRange { from, limit }): Query<HeaderRange>,
) -> Answer<Json<HeaderPage>> {
    let from = from.unwrap_or(0);
    let undurable = app.undurable(from.saturating_sub(1)).await?;
    let (headers, mut next) = app.read_at_once(move |store| store.headers(from, limit.0)).await?;
    let last = headers.last().map(|last| (last.block.index, last.block.hash));
    let mut headers: Vec<_> = headers.into_iter().map(views::header).collect();
    if next.is_none() {
        let room = limit.0 as usize - headers.len();
        let more = views::that_follow(from, last, &undurable);
        next = more.get(room).map(|stored| stored.block.index);
        headers.extend(more.iter().take(room).map(|stored| views::undurable_header(stored)));
    }
    Ok(Json(HeaderPage { headers, next }))
}

/// The blocks of a branch beside the best chain up to one of them, without what stands in them.
#[openapi::path(
    get, path = "/v1/branches/{hash}", tag = "Branches", operation_id = "branch",
    params(("hash" = BlockHash, Path, description = "The hash of its last block")),
    responses((status = 200, description = "The headers, the highest 256 at most", body = BranchHeaders)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_BRANCH, STORE]))),
)]
pub(super) async fn branch(app: App, Named(hash): Named<BlockHash>) -> Answer<Json<BranchHeaders>> {
    let found = app.read(move |store| store.branch(&hash, MAX_BRANCH)).await?;
    let headers = found.ok_or_else(|| NO_BRANCH.because(no_branch(&hash)))?;
    Ok(Json(BranchHeaders { headers: headers.into_iter().map(views::header).collect() }))
}

parameters! {
    PoolPage:
    "what waits is asked for with `limit`, from 1 to 100, and `after`, the `next` of the \
     page before";
    /// `next` of the page before: an address, a dot and a sequence.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<Parsed<PoolPlace>>,
    /// Most transactions or records of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_ENTRIES>,
}

/// A place in the pool: `ADDRESS.SEQUENCE`.
struct PoolPlace(PublicKey, u64);

impl FromStr for PoolPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (address, sequence) = text.split_once('.')?;
            Some(Self(Address::from_str(address).ok()?.0, sequence.parse().ok()?))
        };
        read().ok_or("no place in the pool")
    }
}

/// What waits to be mined.
#[openapi::path(
    get, path = "/v1/mempool", tag = "State", operation_id = "mempool",
    params(PoolPage),
    responses((status = 200, description = "What waits", body = MempoolReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, STOPPING, INTERNAL, STORE]))),
)]
pub(super) async fn mempool(
    app: App,
    Query(PoolPage { after, limit }): Query<PoolPage>,
) -> Answer<Json<MempoolReport>> {
    let (after, limit) = (after.map(|Parsed(place)| (place.0, place.1)), limit.count());
    let snapshot = app.node.snapshot();
    let Some(ledger) = &snapshot.ledger else {
        let records = app.read_at_once(move |store| views::records(store, None, true, limit, None));
        let records = records.await?.records;
        let (count, bytes, transactions, next) = (0, 0, Vec::new(), None);
        return Ok(Json(MempoolReport { count, bytes, transactions, next, records }));
    };
    let interface::PoolPage { page, more } = app.ask(request::pool(after, limit)).await??;
    let next = page.last().filter(|_| more).map(|last| {
        let SignedTransaction { sender, sequence, .. } = last.entry.transaction;
        format!("{}.{sequence}", Address(sender))
    });
    let transactions =
        page.into_iter().map(|waiting| {
            let interface::WaitingTransaction {
                entry: BodyEntry { transaction, payload },
                since,
                own,
            } = waiting;
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

parameters! {
    AccountPage:
    "accounts are asked for with `limit`, from 1 to 100, and `after`, the `next` of the page \
     before";
    /// `next` of the page before.
    #[param(value_type = Option<Address>, nullable = false)]
    after: Option<Address>,
    /// Most accounts of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_ENTRIES>,
}

/// Accounts that have something or did something, in order of keys.
#[openapi::path(
    get, path = "/v1/accounts", tag = "Ledger", operation_id = "accounts",
    params(AccountPage),
    responses((status = 200, description = "The accounts", body = AccountList)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_LEDGER, STORE]))),
)]
pub(super) async fn accounts(
    app: App,
    Query(AccountPage { after, limit }): Query<AccountPage>,
) -> Answer<Json<AccountList>> {
    app.spec()?;
    let (after, limit) = (after.map(|address| address.0), limit.count());
    let found = app.read(move |store| store.accounts_after(after.as_ref(), limit + 1));
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

parameters! {
    RecordPage:
    "records are asked for with `limit`, from 1 to 100, `before`, the `next` of the page \
     before, and `open`, true or false";
    /// `next` of the page before.
    #[param(maximum = 18446744073709551615u64, nullable = false)]
    before: Option<u64>,
    /// Most records of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_ENTRIES>,
    /// Whether those alone are meant that wait, or were displaced; not unless it says so.
    #[param(nullable = false)]
    open: Option<bool>,
}

/// What was submitted to this node, the newest first.
#[openapi::path(
    get, path = "/v1/records", tag = "Records", operation_id = "records",
    params(RecordPage),
    responses((status = 200, description = "The records", body = RecordList)),
    extensions(("x-problems" = json!([BAD_REQUEST, STORE]))),
)]
pub(super) async fn records(
    app: App,
    Query(RecordPage { before, limit, open }): Query<RecordPage>,
) -> Answer<Json<RecordList>> {
    let (open, snapshot) = (open.unwrap_or(false), app.node.snapshot());
    let list = app.read(move |store| {
        views::records(store, before, open, limit.count(), snapshot.ledger.as_ref())
    });
    Ok(Json(list.await?))
}

parameters! {
    AnyName:
    "a thing is named by `name`: a height, a hash, an id or an address";
    /// A height, a hash, an id or an address.
    name: String,
}

/// What has this name, whatever kind of thing it is.
#[openapi::path(
    get, path = "/v1/named", tag = "State", operation_id = "named",
    params(AnyName),
    responses((status = 200, description = "What has it; nothing where nothing does", body = NamedReport)),
    extensions(("x-problems" = json!([BAD_REQUEST, STOPPING, INTERNAL, STORE]))),
)]
pub(super) async fn named(
    app: App,
    Query(AnyName { name }): Query<AnyName>,
) -> Answer<Json<NamedReport>> {
    let name = kusari_input::digits(&name).to_lowercase();
    let account = name.parse::<Address>().ok().filter(|_| app.node.snapshot().ledger.is_some());
    let waits = match name.parse::<Txid>() {
        Ok(txid) => {
            let known = app.ask(request::transaction(txid)).await?;
            known.is_ok_and(|known| known.entry.is_some())
        }
        Err(_) => false,
    };
    let found = app.read(move |store| {
        let placed = match BlockName::read(&name) {
            Ok(BlockName::Height(height)) => store.placed_at(height)?,
            Ok(BlockName::Hash(hash)) => store.placed(&hash)?,
            Err(_) => None,
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

parameters! {
    TextSearch:
    "a text is searched for with `text`, from 1 to 1024 bytes, `limit`, from 1 to 100, and \
     `before`, the `next` of the page before";
    /// What is searched for, 1,024 bytes at most.
    #[param(min_length = 1, max_length = 1024)]
    text: String,
    /// `next` of the page before.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 4294967295u32, nullable = false)]
    before: Option<NonZeroU32>,
    /// Most places of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_ENTRIES>,
}

/// Where a text stands in the best chain, whatever its case; the youngest block first.
#[openapi::path(
    get, path = "/v1/search", tag = "Blocks", operation_id = "search-text",
    params(TextSearch),
    responses((status = 200, description = "Where it stands", body = TextList)),
    extensions(("x-problems" = json!([BAD_REQUEST, STORE]))),
)]
pub(super) async fn search(
    app: App,
    Query(TextSearch { text, before, limit }): Query<TextSearch>,
) -> Answer<Json<TextList>> {
    if !(1..=MAX_TEXT).contains(&text.len()) {
        return Err(BAD_REQUEST.because(TextSearch::USAGE).into());
    }
    let before = before.map(NonZeroU32::get);
    let page = app.read(move |store| store.blocks_saying(&text, before, limit.count())).await?;
    let found = page.found.into_iter().map(views::text).collect();
    Ok(Json(TextList { found, next: page.next }))
}
