//! The subcommands: one file each, with its form and what it does.
//!
//! They ask the node that runs on the chosen data directory, by its local API, and use the store
//! itself only where none runs.

mod accept_branch;
mod audit;
mod backup;
mod bench;
mod block;
mod branches;
mod chain;
mod chain_spec;
mod completions;
pub(crate) mod conformance;
mod connect;
mod disconnect;
mod export;
mod grade;
mod import;
mod ledger;
mod man;
mod open;
mod outbox;
mod peers;
mod proof;
mod replay;
mod salvage;
mod say;
mod status;
mod top;
mod unban;
mod wallet;
mod why;

/// An enum of commands, each with its module, which has its form as `Args` and what it does as `run`.
macro_rules! commands {
    ($($name:ident => $($module:ident)::+,)+) => {
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($name($($module)::+::Args),)+
        }

        impl Command {
            pub(crate) fn run(&self) -> $crate::cli::failure::Result {
                match self {
                    $(Self::$name(args) => $($module)::+::run(args),)+
                }
            }
        }
    };
}
pub(crate) use commands;

commands! {
    Say => say,
    Status => status,
    Outbox => outbox,
    Top => top,
    Open => open,
    Peers => peers,
    Connect => connect,
    Disconnect => disconnect,
    Unban => unban,
    Chain => chain,
    Block => block,
    Why => why,
    Branches => branches,
    AcceptBranch => accept_branch,
    Export => export,
    Import => import,
    Audit => audit,
    Backup => backup,
    Salvage => salvage,
    Replay => replay,
    Grade => grade,
    Record => ledger::record,
    Send => ledger::send,
    Balance => ledger::balance,
    Tx => ledger::tx,
    Erase => ledger::erase,
    Find => proof::find,
    Prove => proof::prove,
    Verify => proof::verify,
    Consistency => proof::consistency,
    Evidence => proof::evidence,
    Witnesses => ledger::witnesses,
    WitnessKey => ledger::witness_key,
    Wallet => wallet,
    ChainSpec => chain_spec,
    Bench => bench,
    Completions => completions,
    Man => man,
}
