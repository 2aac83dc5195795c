//! `GET /v1/witnesses`, and the same with `from`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use kusari_node::limits::MAX_WITNESS_KEYS;
use serde::Deserialize;

use super::super::model::{StatementList, WitnessList};
use super::super::problem;
use super::super::reply::Answer;
use super::Shared;
use super::ledger::no_ledger;

/// Most statements of one answer: two of each key.
const MAX_STATEMENTS: usize = 2 * MAX_WITNESS_KEYS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    from: Option<u32>,
    limit: Option<usize>,
}

pub(super) async fn witnesses(
    State(shared): State<Arc<Shared>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer<Response> {
    let summary = shared.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    let summary = summary.ok_or_else(no_ledger)?;
    match asked {
        Ok(Query(Asked { from: None, limit: None })) => {
            let known = shared.read(crate::store::Store::witnesses).await?;
            Ok(Json(WitnessList::of_node(&summary, &known)).into_response())
        }
        Ok(Query(Asked { from: Some(height), limit })) if is_fair(limit) => {
            let limit = limit.unwrap_or(MAX_STATEMENTS);
            let found = shared.read(move |store| store.statements_from(height, limit));
            Ok(Json(StatementList { statements: found.await? }).into_response())
        }
        _ => {
            let detail = format!(
                "statements are asked for with `from`, a height, and `limit`, from 1 to \
                 {MAX_STATEMENTS}, as in /v1/witnesses?from=10; without either, the keys are"
            );
            Err(problem::BAD_REQUEST.because(detail).into())
        }
    }
}

fn is_fair(limit: Option<usize>) -> bool {
    limit.is_none_or(|limit| (1..=MAX_STATEMENTS).contains(&limit))
}
