//! `kusari find`.

use std::path::PathBuf;

use kusari_chain::ledger::{Address, ContentHash};

use super::super::ledger::record::hashed;
use super::super::ledger::{resolve, tx};
use super::source::{Source, Wanted};
use crate::cli::choice::NodeChoice;
use crate::cli::failure::Failure;
use crate::cli::stdout::Stdout;

/// Find transactions by a file, a text or an address
#[derive(Debug, clap::Args)]
#[group(id = "wanted", required = true, multiple = false, args = ["file", "text", "by"])]
pub(crate) struct FindArgs {
    /// Records of this file, whatever its name
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Records of exactly this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Transactions from or to this address, or the label of one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) by: Option<String>,

    /// Show so many, the youngest first [default: 10]
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON, a transaction a line
    #[arg(long)]
    pub(crate) json: bool,
}

const DEFAULT_LIMIT: usize = 10;

pub(crate) fn run(args: &FindArgs) -> Result<(), Failure> {
    let wanted = args.wanted()?;
    let source = Source::open(&args.node)?;
    let mut output = Stdout::new();
    let (mut left, mut after, mut any) = (args.limit.unwrap_or(DEFAULT_LIMIT), None, false);
    while left > 0 && !output.is_gone() {
        let page = source.search(&wanted, after.as_deref(), left)?;
        for report in page.transactions {
            match args.json {
                true => output.json(&report)?,
                false => output.line(&tx::in_words(&report))?,
            }
            left -= 1;
            any = true;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    output.flush()?;
    if !any {
        return Err(Failure::failed(
            "the best chain has no such transaction; it may wait to be mined, or be on another chain",
        ));
    }
    if after.is_some() && !args.json {
        output.line("There are more; --limit N shows them")?;
    }
    output.flush()
}

impl FindArgs {
    fn wanted(&self) -> Result<Wanted, Failure> {
        if let Some(file) = &self.file {
            let content = hashed(file)?.sha256.parse().map_err(Failure::failed)?;
            return Ok(Wanted::Content(content));
        }
        if let Some(text) = &self.text {
            return Ok(Wanted::Content(ContentHash::of_text(text)));
        }
        let text = self.by.as_deref().unwrap_or_default();
        let address: Result<Address, _> = text.parse();
        Ok(Wanted::Owner(match address {
            Ok(address) => address,
            Err(_) => resolve(&self.node, text)?,
        }))
    }
}
