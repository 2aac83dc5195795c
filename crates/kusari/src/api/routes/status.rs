//! `GET /v1/status`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use kusari_chain::{BestPoint, BlockStore};

use super::super::model::Status;
use super::super::reply::Answer;
use super::Shared;

/// The chain that nodes of this kind follow, as `HELLO` names it too.
const CHAIN: &str = "classic";

pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Answer<Json<Status>> {
    // What is stored, so that every block up to this tip can be asked for.
    let tip = shared.read(BlockStore::best_tip).await?;
    let tip = tip.map_or_else(BestPoint::genesis, |tip| BestPoint {
        height: tip.block.index,
        hash: tip.block.hash,
        work: tip.work,
    });
    let now = shared.node.snapshot();
    let inbound = now.peers.iter().filter(|peer| peer.inbound).count();
    Ok(Json(Status {
        agent: concat!("kusari/", env!("CARGO_PKG_VERSION")).to_owned(),
        chain: CHAIN.to_owned(),
        height: tip.height,
        tip: tip.hash,
        work: tip.work,
        listen: shared.listen,
        data_directory: shared.data_directory.clone(),
        outbound_peers: now.peers.len().saturating_sub(inbound),
        inbound_peers: inbound,
        waiting_records: now.waiting_lines,
        side_bytes: now.side_bytes,
        side_limit: now.side_limit,
        orphans: now.orphans,
        catching_up: now.catching_up,
    }))
}
