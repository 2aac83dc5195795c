//! `kusari disconnect`.

use crate::cli::answers;
use crate::cli::prelude::*;
use kusari_node::PeerAddress;

/// End every connection of the node with an address, and dial it no more
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The peer, as it was dialled, as it connected, or as it listens
    #[arg(value_name = "HOST:PORT")]
    address: PeerAddress,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { address, query }: &Args) -> Result {
    query.show(|node| node.disconnect(address), answers::disconnected)
}
