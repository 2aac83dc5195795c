//! Which node a subcommand is about, or which data directory.
//!
//! Owns the options that name them. Finding the node is up to [`super::access`].

use std::path::PathBuf;

use super::data_directories;
use super::failure::UsageError;

/// The options that choose a node.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct NodeChoice {
    /// The node, or the store, in this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with_all = ["port", "node"])]
    pub(crate) data_dir: Option<PathBuf>,

    /// The node of this machine that was started with this port [default: 8080]
    #[arg(long, value_name = "PORT", conflicts_with = "node")]
    pub(crate) port: Option<u16>,

    /// The node whose local API is here, as in http://127.0.0.1:7878
    #[arg(long, value_name = "URL")]
    pub(crate) node: Option<String>,

    /// File with the token of the node that --node names
    #[arg(long, value_name = "FILE", requires = "node")]
    pub(crate) token_file: Option<PathBuf>,
}

/// The options of a command that asks a node and prints the answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The options that choose a data directory, whether a node runs there or not.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct DirectoryChoice {
    /// The data directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "port")]
    pub(crate) data_dir: Option<PathBuf>,

    /// The data directory of the node that is started with this port [default: 8080]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
}

impl DirectoryChoice {
    /// The directory that is meant; it need not be there.
    pub(crate) fn directory(&self) -> Result<PathBuf, UsageError> {
        data_directories::chosen(
            self.data_dir.as_deref(),
            self.port,
            data_directories::data_directory().as_deref(),
        )
    }
}
