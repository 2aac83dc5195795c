//! `kusari bench ledger`.

use super::workshop::Workshop;
use crate::cli::prelude::*;
use kusari_bench::ledger::{LedgerFigures, MAX_TRANSACTIONS, MIN_TRANSACTIONS, blocks, measure};

/// How fast a fresh node takes a ledger of signed transactions from another process over loopback,
/// and how fast it takes such transactions as lines
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Transactions of the chain, which is made first
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(i64::from(MIN_TRANSACTIONS)..=i64::from(MAX_TRANSACTIONS)))]
    transactions: u32,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let workshop = Workshop::open()?;
    let progress = Progress::of_blocks("Signing and mining the chain", blocks(args.transactions));
    let told = &mut |count: u32| progress.set(count.into());
    let figures = measure(args.transactions, workshop.threads(), workshop.scratch(), told);
    progress.finish();
    show(args.json, &figures?, words)
}

fn words(figures: &LedgerFigures) -> String {
    let each = |seconds: f64, count: f64| seconds * 1e6 / count;
    let transactions = f64::from(figures.transactions);
    format!(
        "Synced     : {} transactions in {} blocks in {:.2} s\n\
         Speed      : {} transactions a second\n\
         Memory     : {:.0} MiB at most, {:.0} MiB where they came from\n\
         Processors : {:.1} us a transaction, {:.1} us of it where they came from\n\
         Disk       : {} bytes\n\
         Gossip     : {} transactions a second, {:.1} us of processors each\n\
         Proof      : made in {:.2} ms ({:.2} ms at most), checked in {:.2} ms ({:.2} ms at most), {} bytes at most\n\
         Audit      : {:.1} s of a processor, {:.2} times its signatures\n\
         Backup     : {:.1} s of a processor",
        grouped(figures.transactions),
        grouped(figures.blocks),
        figures.seconds,
        grouped(figures.transactions_per_s as u64),
        figures.peak_rss_mib,
        figures.source_peak_rss_mib,
        each(figures.cpu_s, transactions),
        each(figures.source_cpu_s, transactions),
        grouped(figures.disk_bytes),
        grouped(figures.gossip_transactions_per_s as u64),
        each(figures.gossip_cpu_s, figures.gossip_transactions as f64),
        figures.proofs.prove_ms,
        figures.proofs.prove_max_ms,
        figures.proofs.verify_ms,
        figures.proofs.verify_max_ms,
        grouped(figures.proofs.proof_bytes as u64),
        figures.upkeep.audit_cpu_s,
        figures.upkeep.audit_cpu_s / figures.upkeep.signatures_s,
        figures.upkeep.backup_cpu_s,
    )
}
