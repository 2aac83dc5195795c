//! `GET /v1/audit`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::super::guard::Trusted;
use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use kusari_api_types::audit::Audit;

/// Reads every block and record again, and says what is wrong, if anything.
///
/// Needs the token: it costs a read of the whole store, and may quote what people said.
#[utoipa::path(
    get, path = "/v1/audit", tag = "Store", operation_id = "audit",
    responses((status = 200, description = "What was read, and the first finding", body = Audit)),
    security(("token" = [])),
    extensions(("x-problems" = json!(names(&[
        problem::BUSY, problem::STORE,
    ])))),
)]
pub(super) async fn audit(_: Trusted, State(shared): State<Arc<Shared>>) -> Answer<Json<Audit>> {
    let turn = shared.take_turn()?;
    // The audit goes on when whoever asked has gone, and so it keeps its turn until its end.
    let report = shared.read_at_once(move |store| {
        let _turn = turn;
        Ok(store.audit())
    });
    let report = report.await?;
    Ok(Json(views::audit(report)))
}
