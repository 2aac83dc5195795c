//! The subcommands: one file each, with its form and what it does.
//!
//! They ask the node that runs on the chosen data directory, by its local API, and use the store
//! itself only where none runs.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod block;
pub(crate) mod branches;
pub(crate) mod chain;
pub(crate) mod chain_spec;
pub(crate) mod completions;
pub(crate) mod conformance;
pub(crate) mod export;
pub(crate) mod grade;
pub(crate) mod import;
pub(crate) mod ledger;
pub(crate) mod man;
pub(crate) mod open;
pub(crate) mod outbox;
pub(crate) mod peers;
pub(crate) mod proof;
pub(crate) mod replay;
pub(crate) mod salvage;
pub(crate) mod say;
pub(crate) mod status;
pub(crate) mod top;
pub(crate) mod wallet;
pub(crate) mod why;

use super::failure::Failure;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Say(say::SayArgs),
    Status(status::StatusArgs),
    Outbox(outbox::OutboxArgs),
    Top(top::TopArgs),
    Open(open::OpenArgs),
    Peers(peers::PeersArgs),
    Chain(chain::ChainArgs),
    Block(block::BlockArgs),
    Why(why::WhyArgs),
    Branches(branches::BranchesArgs),
    AcceptBranch(branches::AcceptBranchArgs),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Audit(audit::AuditArgs),
    Backup(backup::BackupArgs),
    Salvage(salvage::SalvageArgs),
    Replay(replay::ReplayArgs),
    Grade(grade::GradeArgs),
    Record(ledger::record::RecordArgs),
    Send(ledger::send::SendArgs),
    Balance(ledger::balance::BalanceArgs),
    Tx(ledger::tx::TxArgs),
    Erase(ledger::erase::EraseArgs),
    Find(proof::find::FindArgs),
    Prove(proof::prove::ProveArgs),
    Verify(proof::verify::VerifyArgs),
    Consistency(proof::consistency::ConsistencyArgs),
    Evidence(proof::evidence::EvidenceArgs),
    Witnesses(ledger::witnesses::WitnessesArgs),
    WitnessKey(ledger::witness_key::WitnessKeyArgs),
    Wallet(wallet::WalletArgs),
    ChainSpec(chain_spec::ChainSpecArgs),
    Bench(bench::BenchArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Say(args) => say::run(args),
            Self::Status(args) => status::run(args),
            Self::Outbox(args) => outbox::run(args),
            Self::Top(args) => top::run(args),
            Self::Open(args) => open::run(args),
            Self::Peers(args) => peers::run(args),
            Self::Chain(args) => chain::run(args),
            Self::Block(args) => block::run(args),
            Self::Why(args) => why::run(args),
            Self::Branches(args) => branches::list(args),
            Self::AcceptBranch(args) => branches::accept(args),
            Self::Export(args) => export::run(args),
            Self::Import(args) => import::run(args),
            Self::Audit(args) => audit::run(args),
            Self::Backup(args) => backup::run(args),
            Self::Salvage(args) => salvage::run(args),
            Self::Replay(args) => replay::run(args),
            Self::Grade(args) => grade::run(args),
            Self::Record(args) => ledger::record::run(args),
            Self::Send(args) => ledger::send::run(args),
            Self::Balance(args) => ledger::balance::run(args),
            Self::Tx(args) => ledger::tx::run(args),
            Self::Erase(args) => ledger::erase::run(args),
            Self::Find(args) => proof::find::run(args),
            Self::Prove(args) => proof::prove::run(args),
            Self::Verify(args) => proof::verify::run(args),
            Self::Consistency(args) => proof::consistency::run(args),
            Self::Evidence(args) => proof::evidence::run(args),
            Self::Witnesses(args) => ledger::witnesses::run(args),
            Self::WitnessKey(args) => ledger::witness_key::run(args),
            Self::Wallet(args) => wallet::run(args),
            Self::ChainSpec(args) => chain_spec::run(args),
            Self::Bench(args) => bench::run(args),
            Self::Completions(args) => completions::run(args),
            Self::Man(args) => man::run(args),
        }
    }
}
