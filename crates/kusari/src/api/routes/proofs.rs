//! `GET /v1/proofs/{txid}`, `GET /v1/consistency` and `GET /v1/transactions`: what a stranger can check,
//! and what is found by its content or its owner.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kusari_chain::BlockHash;
use kusari_chain::ledger::Address;
use kusari_chain::proof::{ProofFile, TransactionProof};
use serde::Deserialize;

use super::super::model::TransactionList;
use super::super::problem;
use super::super::reply::{Answer, Refusal};
use super::Shared;
use super::ledger::{no_ledger, read_txid, unknown};
use crate::store::{ContentHash, SearchPosition};

/// Transactions of one page, and as many as it has where nobody says how many: with the largest payloads
/// it takes some 6 MiB.
const MAX_LIMIT: usize = 100;

pub(super) async fn proof(
    State(shared): State<Arc<Shared>>,
    Path(txid): Path<String>,
) -> Answer<Response> {
    Ok(file(&ProofFile::Transaction(Box::new(proof_of(&shared, &txid).await?))))
}

/// The proof of a transaction in the best chain, whose id is written so.
pub(super) async fn proof_of(shared: &Shared, txid: &str) -> Answer<TransactionProof> {
    let txid = read_txid(txid)?;
    shared.node.store().spec().ok_or_else(no_ledger)?;
    let ledger = shared.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    let listed: Vec<_> =
        ledger.into_iter().flat_map(|all| all.listed.into_iter().chain(all.own)).collect();
    let proof = shared.read(move |store| store.prove(&txid, &listed)).await?;
    if let Some(proof) = proof {
        return Ok(proof);
    }
    match shared.read(move |store| store.transaction(&txid)).await? {
        None => Err(unknown(&txid)),
        Some(found) => {
            let height = found.height;
            let detail = format!(
                "transaction {txid} stands in a block of height {height} beside the best chain: \
                 wait until it stands in the best chain again"
            );
            Err(problem::NO_TRANSACTION.because(detail).into())
        }
    }
}

/// A proof in its one form, byte for byte.
fn file(proof: &ProofFile) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], proof.to_text() + "\n").into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pair {
    earlier: BlockHash,
    later: BlockHash,
}

pub(super) async fn consistency(
    State(shared): State<Arc<Shared>>,
    pair: Result<Query<Pair>, QueryRejection>,
) -> Answer<Response> {
    let Ok(Query(Pair { earlier, later })) = pair else {
        let detail = "two blocks are named by the digits of their hashes, as in \
                      /v1/consistency?earlier=HASH&later=HASH";
        return Err(problem::BAD_REQUEST.because(detail).into());
    };
    shared.node.store().spec().ok_or_else(no_ledger)?;
    let proof = shared.read(move |store| store.prove_consistency(&earlier, &later)).await?;
    let proof = proof.ok_or_else(|| {
        let detail = "the first of these blocks is not an ancestor of the second one in the best \
                      chain of this node";
        Refusal(problem::NO_BLOCK.because(detail))
    })?;
    Ok(file(&ProofFile::Consistency(Box::new(proof))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    content: Option<String>,
    by: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

/// What is searched for.
enum Wanted {
    Content(ContentHash),
    Owner(Address),
    /// Nothing in particular.
    All,
}

impl Search {
    fn read(&self) -> Option<(Wanted, Option<SearchPosition>, usize)> {
        let wanted = match (&self.content, &self.by) {
            (Some(content), None) => Wanted::Content(content.parse().ok()?),
            (None, Some(address)) => Wanted::Owner(address.parse().ok()?),
            (None, None) => Wanted::All,
            _ => return None,
        };
        let after = self.after.as_ref().map(|after| after.parse()).transpose().ok()?;
        let limit = self.limit.unwrap_or(MAX_LIMIT);
        (1..=MAX_LIMIT).contains(&limit).then_some((wanted, after, limit))
    }
}

pub(super) async fn search(
    State(shared): State<Arc<Shared>>,
    search: Result<Query<Search>, QueryRejection>,
) -> Answer<Json<TransactionList>> {
    let wrong = || {
        let detail = format!(
            "transactions are searched by `content`, the SHA-256 of a file or a text, or `by` an \
             address; `limit` is 1 to {MAX_LIMIT}, and `after` is the `next` of the page before"
        );
        problem::BAD_REQUEST.because(detail)
    };
    let Ok(Query(search)) = search else { return Err(wrong().into()) };
    let (wanted, after, limit) = search.read().ok_or_else(wrong)?;
    shared.node.store().spec().ok_or_else(no_ledger)?;
    let page = shared.read(move |store| match wanted {
        Wanted::Content(content) => store.transactions_with(&content, after, limit),
        Wanted::Owner(address) => store.transactions_of(&address.0, after, limit),
        Wanted::All => store.recent_transactions(after, limit),
    });
    Ok(Json(page.await?.into()))
}
