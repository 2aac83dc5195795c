//! `GET /v1/proofs/{txid}`, `GET /v1/consistency` and `GET /v1/transactions`: what a stranger can check,
//! and what is found by its content or its owner.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kusari_chain::BlockHash;
use kusari_chain::ledger::{Address, ContentHash};
use kusari_chain::proof::{ProofFile, TransactionProof};
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::problem::{self, names};
use super::super::reply::{Answer, Refusal};
use super::Shared;
use super::ledger::{no_ledger, read_txid, unknown};
use kusari_api_types::TransactionList;
use kusari_api_types::schema;
use kusari_store::SearchPosition;

/// Transactions of one page, and as many as it has where nobody says how many: with the largest payloads
/// it takes some 6 MiB.
const MAX_LIMIT: usize = 100;

/// A proof that a transaction stands in the best chain, which a stranger can check.
#[utoipa::path(
    get, path = "/v1/proofs/{txid}", tag = "Ledger", operation_id = "proof",
    params(("txid" = schema::Txid, Path, description = "Its id")),
    responses((status = 200, description = "The proof, in its one form and with a newline", body = schema::TransactionProof)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_TRANSACTION, problem::NO_LEDGER, problem::STORE,
    ])))),
)]
pub(super) async fn proof(
    State(shared): State<Arc<Shared>>,
    txid: Result<Path<String>, PathRejection>,
) -> Answer<Response> {
    Ok(file(&ProofFile::Transaction(Box::new(proof_of(&shared, txid).await?))))
}

/// The proof of a transaction in the best chain, whose id the path names.
pub(super) async fn proof_of(
    shared: &Shared,
    txid: Result<Path<String>, PathRejection>,
) -> Answer<TransactionProof> {
    let txid = read_txid(txid)?;
    shared.node.store().spec().ok_or_else(no_ledger)?;
    let ledger = shared.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    // Those that are listed first, then our own, which may be listed as well.
    let listed: Vec<_> = ledger
        .into_iter()
        .flat_map(|all| {
            let own = all.own.filter(|own| !all.listed.contains(own));
            all.listed.into_iter().chain(own)
        })
        .collect();
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Pair {
    /// Hash of the ancestor.
    #[param(value_type = schema::BlockHash)]
    earlier: BlockHash,
    /// Hash of the descendant.
    #[param(value_type = schema::BlockHash)]
    later: BlockHash,
}

/// A proof that one block of the best chain is an ancestor of another.
#[utoipa::path(
    get, path = "/v1/consistency", tag = "Ledger", operation_id = "consistency",
    params(Pair),
    responses((status = 200, description = "The proof, in its one form and with a newline", body = schema::ConsistencyProof)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_BLOCK, problem::NO_LEDGER, problem::STORE,
    ])))),
)]
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// The SHA-256 of a file or a text.
    #[param(pattern = "^[0-9A-Fa-f]{64}$", nullable = false)]
    content: Option<String>,
    /// The address of an account that pays or is paid.
    #[param(value_type = Option<schema::Address>, nullable = false)]
    by: Option<String>,
    /// `next` of the page before.
    #[param(nullable = false)]
    after: Option<String>,
    /// Most transactions of the answer.
    #[param(minimum = 1, maximum = 100, nullable = false)]
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

/// Transactions of the best chain by what they say or whose they are, the youngest first.
///
/// One of `content` and `by`, not both.
#[utoipa::path(
    get, path = "/v1/transactions", tag = "Ledger", operation_id = "search",
    params(Search),
    responses((status = 200, description = "The transactions", body = TransactionList)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_LEDGER, problem::STORE,
    ])))),
)]
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
    Ok(Json(views::transactions(page.await?)))
}
