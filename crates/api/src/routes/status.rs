//! `GET /v1/status`.

use super::*;
use kusari_api_types::Status;
use kusari_chain::BestPoint;
use kusari_runtime::unix_time;

/// What the node has and where it is.
///
/// Height, tip and work are of what the node has accepted, so that every block up to there can be asked for.
/// Blocks of this node's own count once they are on the disk.
#[openapi::path(
    get, path = "/v1/status", tag = "State", operation_id = "status",
    responses((status = 200, description = "The state of the node", body = Status)),
    extensions(("x-problems" = json!([STORE]))),
)]
pub(super) async fn status(app: App) -> Answer<Json<Status>> {
    let recent = app.read_at_once(|store| store.recent_work(unix_time())).await?;
    let directory = app.data_directory.as_ref().map(|place| place.display().to_string());
    let snapshot = app.node.snapshot();
    let accepted = snapshot.announced_tip;
    let stored = move |store: &Store| Ok((store.reaches(accepted.work)?, store.last_sound()?));
    let (durable, tip) = app.read_at_once(stored).await?;
    let status = Status::new(&snapshot, app.listen, directory);
    let status = views::with_traffic(status, app.node.traffic());
    let mining = Some(*app.mining.borrow());
    let BestPoint { height, hash: tip, work } = if durable { tip } else { accepted };
    let machine_rate = Some(page::machine_rate().await? as u64);
    let status = Status { height, tip, work, durable, mining, machine_rate, ..status };
    Ok(Json(views::with_recent_work(status, recent)))
}
