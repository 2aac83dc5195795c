//! `GET /v1/status`.

use crate::views;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::super::problem::{self, names};
use super::super::reply::Answer;
use super::Shared;
use kusari_api_types::Status;
use kusari_runtime::unix_time;
use kusari_store::Store;

/// What the node has and where it is.
///
/// Height, tip and work are of what is stored, so that every block up to there can be asked for.
#[utoipa::path(
    get, path = "/v1/status", tag = "State", operation_id = "status",
    responses((status = 200, description = "The state of the node", body = Status)),
    extensions(("x-problems" = json!(names(&[
        problem::STORE,
    ])))),
)]
pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Answer<Json<Status>> {
    // What is stored, so that every block up to this tip can be asked for.
    let tip = shared.read(Store::last_sound).await?;
    let recent = shared.read(|store| store.recent_work(unix_time())).await?;
    let now = shared.node.snapshot();
    let directory = shared.data_directory.as_ref().map(|place| place.display().to_string());
    let status = Status::new(&now, shared.listen, directory);
    let status = views::with_traffic(status, shared.node.traffic());
    let mining = Some(*shared.mining.borrow());
    let status = Status { height: tip.height, tip: tip.hash, work: tip.work, mining, ..status };
    Ok(Json(views::with_recent_work(status, recent)))
}
