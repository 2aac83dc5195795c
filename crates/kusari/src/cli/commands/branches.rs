//! `kusari branches` and `kusari accept-branch`.

use kusari_chain::BlockHash;
use kusari_node::seam::{Command, Reply};

use crate::cli::access::Access;
use crate::cli::branches;
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;
use kusari_api_types::branches::{AcceptReceipt, BranchList};
use kusari_api_types::branches::{in_best_chain, no_branch};
use kusari_runtime::offline::Offline;
use kusari_store::Store;

/// Show the branches beside the best chain, and whether one is held
#[derive(Debug, clap::Args)]
pub(crate) struct BranchesArgs {
    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Follow a branch that is held, however many blocks that takes back
#[derive(Debug, clap::Args)]
pub(crate) struct AcceptBranchArgs {
    /// Hash of any block of it that the best chain does not have
    #[arg(value_name = "HASH")]
    pub(crate) hash: BlockHash,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn list(args: &BranchesArgs) -> Result<(), Failure> {
    let list = match args.node.open()? {
        Access::Running(client) => client.branches()?,
        Access::Stored { store, .. } => of_store(store)?,
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&list)?,
        false => output.line(&branches::list(&list))?,
    }
    output.flush()
}

pub(crate) fn accept(args: &AcceptBranchArgs) -> Result<(), Failure> {
    let receipt = match args.node.open()? {
        Access::Running(client) => client.accept_branch(&args.hash)?,
        Access::Stored { store, .. } => accept_in_store(store, &args.hash)?,
    };
    let mut output = Stdout::new();
    match args.json {
        true => output.json(&receipt)?,
        false => output.line(&branches::accepted(&args.hash, &receipt))?,
    }
    output.flush()
}

fn of_store(store: Store) -> Result<BranchList, Failure> {
    match Offline::open(store)?.command(Command::GetBranches)?.reply {
        Some(Reply::Branches(branches)) => Ok(BranchList::from(branches.as_ref())),
        _ => Err(unfitting()),
    }
}

fn accept_in_store(store: Store, hash: &BlockHash) -> Result<AcceptReceipt, Failure> {
    match Offline::open(store)?.command(Command::AcceptBranch(*hash))?.reply {
        Some(Reply::BranchAccepted(accepted)) => Ok(AcceptReceipt::from(accepted.as_ref())),
        Some(Reply::UnknownBranch) => Err(Failure::failed(no_branch(hash))),
        Some(Reply::InBestChain) => Err(Failure::failed(in_best_chain(hash))),
        _ => Err(unfitting()),
    }
}

fn unfitting() -> Failure {
    Failure::failed(
        "the store was asked and something else answered, which is a bug in kusari; please report it",
    )
}
