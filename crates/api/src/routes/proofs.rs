//! `GET /v1/proofs/{txid}`, `GET /v1/consistency` and `GET /v1/transactions`: files that others can check,
//! and transactions by their content or their owner.

use kusari_chain::ledger::ContentHash;
use kusari_chain::proof::{ProofFile, TransactionProof};

use super::*;
use kusari_api_types::TransactionList;
use kusari_store::SearchPosition;

/// Most transactions of one page: with the largest payloads it takes some 6 MiB.
const MAX_TRANSACTIONS: u32 = 100;

/// A proof that a transaction stands in the best chain, which a stranger can check.
#[openapi::path(
    get, path = "/v1/proofs/{txid}", tag = "Ledger", operation_id = "proof",
    params(("txid" = Txid, Path, description = "Its id")),
    responses((status = 200, description = "The proof, in its one form and with a newline", body = TransactionProof)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_TRANSACTION, NO_LEDGER, STORE]))),
)]
pub(super) async fn proof(app: App, Named(txid): Named<Txid>) -> Answer<Response> {
    Ok(file(&ProofFile::Transaction(Box::new(proof_of(&app, txid).await?))))
}

/// The proof of a transaction in the best chain.
pub(super) async fn proof_of(app: &AppState, txid: Txid) -> Answer<TransactionProof> {
    app.spec()?;
    let ledger = app.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    // Those that are listed first, then our own, which may be listed as well.
    let listed: Vec<_> = ledger
        .into_iter()
        .flat_map(|all| {
            let own = all.own.filter(|own| !all.listed.contains(own));
            all.listed.into_iter().chain(own)
        })
        .collect();
    let proof = app.read(move |store| store.prove(&txid, &listed)).await?;
    if let Some(proof) = proof {
        return Ok(proof);
    }
    let found = app.read(move |store| store.transaction(&txid)).await?;
    Err(match found {
        Some(found) => beside_best_chain(&txid, found.height),
        None => no_transaction(&txid),
    }
    .into())
}

/// A proof in its one form, byte for byte.
fn file(proof: &ProofFile) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], proof.to_text() + "\n").into_response()
}

parameters! {
    Pair:
    "two blocks are named by the digits of their hashes, as in \
     /v1/consistency?earlier=HASH&later=HASH";
    /// Hash of the ancestor.
    #[param(value_type = BlockHash)]
    earlier: BlockHash,
    /// Hash of the descendant.
    #[param(value_type = BlockHash)]
    later: BlockHash,
}

/// A proof that one block of the best chain is an ancestor of another.
#[openapi::path(
    get, path = "/v1/consistency", tag = "Ledger", operation_id = "consistency",
    params(Pair),
    responses((status = 200, description = "The proof, in its one form and with a newline", body = kusari_chain::proof::ConsistencyProof)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_BLOCK, NO_LEDGER, STORE]))),
)]
pub(super) async fn consistency(
    app: App,
    Query(Pair { earlier, later }): Query<Pair>,
) -> Answer<Response> {
    app.spec()?;
    let proof = app.read(move |store| store.prove_consistency(&earlier, &later)).await?;
    let proof = proof.ok_or_else(|| {
        NO_BLOCK.because(
            "the first of these blocks is not an ancestor of the second one in the best chain of this node",
        )
    })?;
    Ok(file(&ProofFile::Consistency(Box::new(proof))))
}

parameters! {
    Search:
    "transactions are searched by `content`, the SHA-256 of a file or a text, or `by` an \
     address; `limit` is 1 to 100, and `after` is the `next` of the page before";
    /// The SHA-256 of a file or a text.
    #[param(value_type = Option<String>, pattern = "^[0-9A-Fa-f]{64}$", nullable = false)]
    content: Option<Parsed<ContentHash>>,
    /// The address of an account that pays or is paid.
    #[param(value_type = Option<Address>, nullable = false)]
    by: Option<Address>,
    /// `next` of the page before.
    #[param(value_type = Option<String>, nullable = false)]
    after: Option<Parsed<SearchPosition>>,
    /// Most transactions of the answer.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 100, nullable = false)]
    #[serde(default)]
    limit: Limit<MAX_TRANSACTIONS>,
}

/// Transactions of the best chain by what they say or whose they are, the youngest first.
///
/// One of `content` and `by`, not both.
#[openapi::path(
    get, path = "/v1/transactions", tag = "Ledger", operation_id = "search",
    params(Search),
    responses((status = 200, description = "The transactions", body = TransactionList)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_LEDGER, STORE]))),
)]
pub(super) async fn search(
    app: App,
    Query(Search { content, by, after, limit }): Query<Search>,
) -> Answer<Json<TransactionList>> {
    if content.is_some() && by.is_some() {
        return Err(BAD_REQUEST.because(Search::USAGE).into());
    }
    app.spec()?;
    let (after, limit) = (after.map(|after| after.0), limit.count());
    let page = app.read(move |store| match (content, by) {
        (Some(content), _) => store.transactions_with(&content.0, after, limit),
        (_, Some(address)) => store.transactions_of(&address.0, after, limit),
        _ => store.recent_transactions(after, limit),
    });
    Ok(Json(views::transactions(page.await?)))
}
