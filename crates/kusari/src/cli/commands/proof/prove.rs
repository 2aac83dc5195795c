//! `kusari prove`.

use std::path::PathBuf;

use kusari_chain::ledger::{ContentHash, Txid};

use super::OutputChoice;
use super::source::{ProofSource, Wanted};
use crate::cli::file_record::hashed;
use crate::cli::named::HashName;
use crate::cli::prelude::*;

/// Write a proof of a transaction that anybody can check without a node
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    proof: ProofChoice,
}

/// What is proven, where it is known and where the proof goes.
#[derive(Debug, clap::Args)]
pub(super) struct ProofChoice {
    #[command(flatten)]
    which: TransactionChoice,

    #[command(flatten)]
    target: OutputChoice,

    #[command(flatten)]
    node: NodeChoice,
}

impl ProofChoice {
    /// Writes what is made of the proof; `what` says what that is.
    pub(super) fn put(&self, made: fn(String) -> String, what: &str) -> Result {
        let source = ProofSource::open(&self.node)?;
        let txid = self.which.find(&source)?;
        self.target.put(&made(source.prove(&txid)?), &format!("{what} transaction {txid}"))
    }
}

/// Which transaction is meant.
#[derive(Debug, clap::Args)]
#[group(id = "which", required = true, multiple = false, args = ["txid", "file", "text"])]
struct TransactionChoice {
    /// Its id, or 8 digits of it or more
    #[arg(value_name = "TXID")]
    txid: Option<HashName<Txid>>,

    /// The first record of this file instead
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// The first record of this text instead; spaces and capitals count
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
}

impl TransactionChoice {
    fn find(&self, source: &ProofSource) -> Result<Txid> {
        if let Some(name) = &self.txid {
            return name.find(source.api());
        }
        if let Some(text) = &self.text {
            for text in kusari_input::same_to_the_eye(text) {
                if let Some(txid) = first_record_of(ContentHash::of_text(&text), source)? {
                    return Ok(txid);
                }
            }
            return Err(failed!(
                "the chain has no record of this text; `kusari record` makes one, and spaces and \
                 capitals count"
            ));
        }
        let file = self.file.clone().unwrap_or_default();
        let record = hashed(&file)?;
        let content = record.sha256.parse()?;
        first_record_of(content, source)?.ok_or_else(|| {
            failed!(
                "the chain has no record of {}, with the SHA-256 {}; `kusari record --file` makes one",
                file.display(),
                record.sha256
            )
        })
    }
}

/// The oldest record of a content: nothing earlier can be proven.
fn first_record_of(content: ContentHash, source: &ProofSource) -> Result<Option<Txid>> {
    let mut first: Option<(u32, Txid)> = None;
    source.search(&Wanted::Content(content), usize::MAX, &mut |report| {
        let height = report.block.map_or(u32::MAX, |block| block.height);
        // Within a block the last one comes first.
        if first.is_none_or(|(lowest, _)| height <= lowest) {
            first = Some((height, report.txid));
        }
        Ok(true)
    })?;
    Ok(first.map(|(_, txid)| txid))
}

pub(crate) fn run(args: &Args) -> Result {
    args.proof.put(|proof| proof, "a proof of")
}
