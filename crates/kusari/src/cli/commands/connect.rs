//! `kusari connect`.

use crate::cli::answers;
use crate::cli::prelude::*;
use kusari_node::PeerAddress;

/// Connect the node to a peer, and again whenever the connection is lost; at once where it waits
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The peer, as in 127.0.0.1:8080 or node.example.org:8080
    #[arg(value_name = "HOST:PORT")]
    address: PeerAddress,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { address, query }: &Args) -> Result {
    query.show(|node| node.connect(address), answers::dialled)
}
