//! `kusari prove`.

use std::path::PathBuf;

use kusari_chain::ledger::{ContentHash, Txid};

use super::super::ledger::record::hashed;
use super::put;
use super::source::{Source, Wanted};
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;

/// Write a proof of a transaction that anybody can check without a node
#[derive(Debug, clap::Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) which: Which,

    /// Write it to this file [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Replace the file where there is one
    #[arg(long, requires = "output")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) node: NodeChoice,
}

/// Which transaction is meant.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = false, args = ["txid", "file", "text"])]
pub(crate) struct Which {
    /// Its id
    #[arg(value_name = "TXID")]
    pub(crate) txid: Option<Txid>,

    /// The first record of this file instead
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// The first record of exactly this text instead
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
}

impl Which {
    pub(super) fn find(&self, source: &Source) -> Result<Txid, Failure> {
        if let Some(txid) = self.txid {
            return Ok(txid);
        }
        if let Some(text) = &self.text {
            return first_record_of(ContentHash::of_text(text), source)?.ok_or_else(|| {
                Failure::failed(
                    "the chain has no record of this text; `kusari record` makes one, and spaces and \
                     capitals count",
                )
            });
        }
        let file = self.file.clone().unwrap_or_default();
        let record = hashed(&file)?;
        let content = record.sha256.parse().map_err(Failure::failed)?;
        first_record_of(content, source)?.ok_or_else(|| {
            Failure::failed(format!(
                "the chain has no record of {}, with the SHA-256 {}; `kusari record --file` makes one",
                file.display(),
                record.sha256
            ))
        })
    }
}

/// The oldest record of a content: nothing earlier can be proven.
fn first_record_of(content: ContentHash, source: &Source) -> Result<Option<Txid>, Failure> {
    let (mut first, mut after): (Option<(u32, Txid)>, Option<String>) = (None, None);
    loop {
        let page = source.search(&Wanted::Content(content), after.as_deref(), usize::MAX)?;
        for report in page.transactions {
            let height = report.block.map_or(u32::MAX, |block| block.height);
            // Within a block the last one comes first.
            if first.is_none_or(|(lowest, _)| height <= lowest) {
                first = Some((height, report.txid));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(first.map(|(_, txid)| txid));
        }
    }
}

pub(crate) fn run(args: &ProveArgs) -> Result<(), Failure> {
    let source = Source::open(&args.node)?;
    let txid = args.which.find(&source)?;
    let proof = source.prove(&txid)?;
    put(&proof, args.output.as_deref(), args.force, &format!("a proof of transaction {txid}"))
}
