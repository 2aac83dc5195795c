//! `kusari peers`.

use crate::cli::access::Access;
use crate::cli::answers;
use crate::cli::choice::NodeChoice;
use crate::cli::escape::Plain;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_api_types::PeerList;

/// Show who is connected
#[derive(Debug, clap::Args)]
pub(crate) struct PeersArgs {
    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &PeersArgs) -> Result<(), Failure> {
    let (peers, text) = match args.node.open()? {
        Access::Running(client) => {
            let peers = client.peers()?;
            let text = answers::peers(&peers);
            (peers, text)
        }
        Access::Stored { directory, .. } => {
            let directory = directory.display().to_string();
            let text = format!("No node runs on {}, so no peers are connected", Plain(&directory));
            (PeerList { peers: Vec::new() }, text)
        }
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&peers)?,
        false => output.line(&text)?,
    }
    output.flush()
}
