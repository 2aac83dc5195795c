//! `GET /v1/witnesses`, and the same with `from`.

use kusari_node::limits::MAX_WITNESS_KEYS;

use super::*;
use kusari_api_types::StatementList;

/// Most statements of one answer: two of each key.
const MAX_STATEMENTS: u32 = 2 * MAX_WITNESS_KEYS as u32;

parameters! {
    StatementRange:
    "statements are asked for with `from`, a height, and `limit`, from 1 to 512, as in \
     /v1/witnesses?from=10; without either, the keys are";
    /// Height of the first block that statements are about.
    #[param(maximum = 4294967295u32, nullable = false)]
    from: Option<u32>,
    /// Most statements of the answer; only together with `from`.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 512, nullable = false)]
    limit: Option<Limit<MAX_STATEMENTS>>,
}

/// What the answer is: without `from` the keys, with it the statements.
#[cfg(test)]
#[derive(utoipa::ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "each answer is made as one of the two")]
enum KeysOrStatements {
    Keys(kusari_api_types::WitnessList),
    Statements(StatementList),
}

/// The keys of which something is known; with `from`, what they said.
///
/// The keys come as a `WitnessList`; with `from` a `StatementList` has statements about blocks from that height on.
#[openapi::path(
    get, path = "/v1/witnesses", tag = "Witnesses", operation_id = "witnesses",
    params(StatementRange),
    responses((status = 200, description = "The keys, or the statements", body = KeysOrStatements)),
    extensions(("x-problems" = json!([BAD_REQUEST, NO_LEDGER, STORE]))),
)]
pub(super) async fn witnesses(
    app: App,
    Query(StatementRange { from, limit }): Query<StatementRange>,
) -> Answer<Response> {
    let summary = app.node.snapshot().ledger.as_ref().map(|ledger| ledger.witnesses.clone());
    let summary = summary.ok_or(NO_LEDGER)?;
    match (from, limit) {
        (None, None) => {
            let known = app.read(Store::witnesses).await?;
            Ok(Json(views::witnesses(&summary, &known)).into_response())
        }
        (None, Some(_)) => Err(BAD_REQUEST.because(StatementRange::USAGE).into()),
        (Some(height), limit) => {
            let limit = limit.unwrap_or_default().count();
            let found = app.read(move |store| store.statements_from(height, limit));
            Ok(Json(StatementList { statements: found.await? }).into_response())
        }
    }
}
