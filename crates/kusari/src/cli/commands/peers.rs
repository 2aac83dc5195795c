//! `kusari peers`.

use crate::cli::answers;
use crate::cli::prelude::*;
use kusari_api_types::PeerList;

/// Show who is connected
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { query: Query { node, json } }: &Args) -> Result {
    match node.open()? {
        Access::Running(client) => show(*json, &client.peers()?, answers::peers),
        Access::Stored(node) => show(*json, &PeerList { peers: Vec::new() }, |_| {
            format!(
                "No node runs on {}, so no peers are connected",
                shown(&node.directory.unwrap_or_default())
            )
        }),
    }
}
