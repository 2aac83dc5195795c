//! `GET /v1/witnesses`, and the same with `from`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use kusari_node::limits::MAX_WITNESS_KEYS;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use super::ledger::no_ledger;
use kusari_api_types::{StatementList, WitnessList};

/// Most statements of one answer: two of each key.
const MAX_STATEMENTS: usize = 2 * MAX_WITNESS_KEYS;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Height of the first block that statements are about.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most statements of the answer; only together with `from`.
    #[param(minimum = 1, maximum = 512, nullable = false)]
    limit: Option<usize>,
}

/// What the answer is: without `from` the keys, with it the statements.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "each answer is made as one of the two")]
enum KeysOrStatements {
    Keys(WitnessList),
    Statements(StatementList),
}

/// The keys of which something is known; with `from`, what they said.
///
/// The keys come as a `WitnessList`; with `from` a `StatementList` has statements about blocks from that height on.
#[utoipa::path(
    get, path = "/v1/witnesses", tag = "Witnesses", operation_id = "witnesses",
    params(Asked),
    responses((status = 200, description = "The keys, or the statements", body = KeysOrStatements)),
    extensions(("x-problems" = json!(names(&[
        problem::BAD_REQUEST, problem::NO_LEDGER, problem::STORE,
    ])))),
)]
pub(super) async fn witnesses(
    State(shared): State<Arc<Shared>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Answer<Response> {
    let summary = shared.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    let summary = summary.ok_or_else(no_ledger)?;
    match asked {
        Ok(Query(Asked { from: None, limit: None })) => {
            let known = shared.read(kusari_store::Store::witnesses).await?;
            Ok(Json(views::witnesses(&summary, &known)).into_response())
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
