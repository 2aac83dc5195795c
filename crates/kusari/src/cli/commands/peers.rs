//! `kusari peers`.

use crate::cli::answers;
use crate::cli::prelude::*;
use kusari_api_types::PeerList;

/// Show who is connected
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the hosts that are banned for what they sent, and for how long
    #[arg(long)]
    banned: bool,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { banned, query }: &Args) -> Result {
    if *banned {
        return query.show(|node| node.bans(), answers::bans);
    }
    let Query { node, json } = query;
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
