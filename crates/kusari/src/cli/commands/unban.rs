//! `kusari unban`.

use std::net::IpAddr;

use crate::cli::answers;
use crate::cli::prelude::*;

/// Take connections from a banned host again
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Its IP address; `kusari peers --banned` lists them
    #[arg(value_name = "IP")]
    host: IpAddr,

    #[command(flatten)]
    query: Query,
}

pub(crate) fn run(Args { host, query }: &Args) -> Result {
    query.show(|node| node.unban(*host), answers::unbanned)
}
