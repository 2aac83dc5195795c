//! `kusari find`.

use std::path::PathBuf;

use kusari_chain::ledger::ContentHash;

use super::source::{ProofSource, Wanted};
use crate::cli::file_record::hashed;
use crate::cli::prelude::*;
use crate::cli::transaction;

/// Find transactions by a file, a text or an address
#[derive(Debug, clap::Args)]
#[group(id = "wanted", required = true, multiple = false, args = ["file", "text", "by"])]
pub(crate) struct Args {
    /// Records of this file, whatever its name
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    /// Records of this text; spaces and capitals count
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,

    /// Transactions from or to this address, or the label of one
    #[arg(long, value_name = "ADDRESS")]
    by: Option<String>,

    /// Show so many, the youngest first [default: 10]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    #[command(flatten)]
    node: NodeChoice,

    /// Print JSON, a transaction a line
    #[arg(long)]
    json: bool,
}

const DEFAULT_LIMIT: usize = 10;

pub(crate) fn run(args: &Args) -> Result {
    let wanted = args.wanted()?;
    let source = ProofSource::open(&args.node)?;
    let mut output = Stdout::new();
    let (mut any, mut more) = (false, false);
    for wanted in &wanted {
        more = source.search(wanted, args.limit.unwrap_or(DEFAULT_LIMIT), &mut |report| {
            any = true;
            match args.json {
                true => output.json(&report)?,
                false => output.line(&transaction::in_words(&report))?,
            }
            Ok(!output.is_gone())
        })?;
        if any {
            break;
        }
    }
    output.flush()?;
    if !any {
        return Err(failed!(
            "the best chain has no such transaction; it may wait to be mined, or be on another chain"
        ));
    }
    if more && !args.json {
        output.line("There are more; --limit N shows them")?;
    }
    output.flush()
}

impl Args {
    /// What to look for, and where there is none of it what to look for next.
    fn wanted(&self) -> Result<Vec<Wanted>> {
        if let Some(file) = &self.file {
            let content = hashed(file)?.sha256.parse()?;
            return Ok(vec![Wanted::Content(content)]);
        }
        if let Some(text) = &self.text {
            let texts = kusari_input::same_to_the_eye(text);
            let contents = texts.iter().map(|text| ContentHash::of_text(text));
            return Ok(contents.map(Wanted::Content).collect());
        }
        let text = self.by.as_deref().unwrap_or_default();
        Ok(vec![Wanted::Owner(text.parse().or_else(|_| self.node.resolve(text))?)])
    }
}
