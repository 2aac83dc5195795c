//! `GET /v1/audit`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::super::audit::Audit;
use super::super::guard::Trusted;
use super::super::reply::Answer;
use super::Shared;

/// Needs the token: it costs a read of the whole store, and may quote what people said.
pub(super) async fn audit(_: Trusted, State(shared): State<Arc<Shared>>) -> Answer<Json<Audit>> {
    let _turn = shared.take_turn()?;
    let report = shared.read_at_once(|store| Ok(store.audit())).await?;
    Ok(Json(report.into()))
}
