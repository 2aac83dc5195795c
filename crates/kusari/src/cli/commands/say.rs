//! `kusari say`.
//!
//! Submits lines to the node that runs, or to the outbox of its store. A receipt is printed once a
//! line is durable.

use kusari_chain::params::CLASSIC_CHAIN;
use std::io::{self, BufReader};
use std::time::Duration;

use kusari_node::interface::{SayRefusal, request};

use crate::cli::batches::{Batches, Numbered, Taken, Taker, is_done, taken_by_node};
use crate::cli::bounded_lines::Lines;
use crate::cli::prelude::*;
use crate::cli::submit::receipt;
use crate::cli::wait::poll;
use crate::cli::words::added;
use kusari_api_types::{RecordPlace, RecordReport};
use kusari_client::{Client, ClientError};
use kusari_runtime::offline::Offline;

/// How long `--wait` waits for each line, in seconds. A block takes far less than one; there may be
/// many lines before it.
const DEFAULT_TIMEOUT: u64 = 60;

/// How often the node is asked whether a line is mined.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Record a line of text
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The line; `-` records every line of stdin
    #[arg(value_name = "TEXT|-")]
    text: String,

    /// Wait until it is mined, and show its block
    #[arg(long)]
    wait: bool,

    /// Longest wait for each line with --wait [default: 60]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    timeout: Option<u64>,

    #[command(flatten)]
    node: NodeChoice,

    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let scribe = match args.node.open()? {
        Access::Running(client) => Scribe::Node(client),
        Access::Stored(_) if args.wait => {
            return Err(failed!("no node runs that would mine it; start one, or leave out --wait"));
        }
        Access::Stored(node) => Scribe::Store(Box::new(Offline::open(node.store)?)),
    };
    let mut say = Say { scribe, output: Stdout::new(), args };
    match args.text.as_str() {
        "-" => {
            if let Scribe::Node(client) = &say.scribe
                && client.status()?.chain != CLASSIC_CHAIN
            {
                return Err(failed!(
                    "this chain is a ledger, whose texts are signed: use `kusari record --lines -`"
                ));
            }
            Batches::new(&mut say).run(Lines::new(BufReader::new(io::stdin())))
        }
        text => match say.scribe.record(text)? {
            Taken::Saved(report) => say.show(&report, &Progress::in_words()),
            Taken::Full(why) | Taken::Refused(why) => Err(why.into()),
        },
    }
}

/// Who takes a line.
enum Scribe {
    Node(Client),
    Store(Box<Offline>),
}

impl Scribe {
    fn record(&mut self, text: &str) -> Result<Taken> {
        let saved = |report| Ok(Taken::Saved(Box::new(report)));
        match self {
            Self::Node(client) => {
                let on_full = &mut |why: &str| say_beside(&format!("{why}; waiting for room"));
                match client.record(text, on_full) {
                    Ok(report) => saved(report),
                    Err(ClientError::Problem(problem)) if problem.status == UNPROCESSABLE => {
                        Ok(Taken::Refused(problem.detail))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Self::Store(node) => match node.command(request::offer(text.to_owned()))? {
                Ok(id) => saved(RecordReport::waiting(id, text.to_owned())),
                Err(SayRefusal::OutboxFull { waiting }) => Err(full(waiting)),
                Err(refusal) => Ok(Taken::Refused(refusal.to_string())),
            },
        }
    }

    fn receipt(&self, id: u64) -> String {
        match self {
            Self::Node(_) => receipt(id),
            Self::Store(_) => format!("{} when a node runs", receipt(id)),
        }
    }
}

/// No node runs, so nothing is mined and no room will come.
fn full(waiting: u64) -> Failure {
    failed!(
        "{} to be mined already, and no more are kept; start the node, then try again",
        match waiting {
            1 => String::from("1 line waits"),
            lines => format!("{} wait", counted(lines, "line")),
        }
    )
}

/// HTTP status for a line that cannot be recorded whatever happens.
const UNPROCESSABLE: u16 = 422;

struct Say<'a> {
    scribe: Scribe,
    output: Stdout,
    args: &'a Args,
}

impl Say<'_> {
    /// Shows the receipt of a line, and its block where that is waited for.
    fn show(&mut self, report: &RecordReport, progress: &Progress) -> Result {
        match (self.args.wait, self.args.json) {
            (false, true) => progress.beside(|| self.output.json(report))?,
            (_, false) => {
                let receipt = self.scribe.receipt(report.id);
                progress.beside(|| self.output.line(&receipt))?;
            }
            (true, true) => {}
        }
        if let Some(warning) = report.warning.as_ref().filter(|_| !self.args.json) {
            progress.beside(|| say_beside(&format!("Line {}: {warning}", report.id)));
        }
        // Whoever feeds us line by line waits for it, even where nobody reads it any more.
        progress.beside(|| self.output.flush())?;
        if let (true, Scribe::Node(client)) = (self.args.wait, &self.scribe) {
            let timeout = self.args.timeout.unwrap_or(DEFAULT_TIMEOUT);
            let (report, place) = mined(client, report.id, timeout)?;
            if self.args.json {
                progress.beside(|| self.output.json(&report))?;
            } else if let Some(found) = client.block(&place.hash.to_string())? {
                let block = added(&found.block.block, found.block.ledger.as_deref());
                progress.beside(|| self.output.line(&block))?;
            }
            progress.beside(|| self.output.flush())?;
        }
        Ok(())
    }
}

impl Taker for Say<'_> {
    fn take(&mut self, lines: &[Numbered]) -> Result<Vec<Taken>> {
        if let Scribe::Node(client) = &self.scribe {
            return taken_by_node(client, None, lines);
        }
        // Each is durable by itself, and its receipt shown before the next.
        let Some((_, text)) = lines.first() else { return Ok(Vec::new()) };
        Ok(vec![self.scribe.record(text)?])
    }

    fn is_done(&mut self, id: u64) -> Result<bool> {
        match &self.scribe {
            Scribe::Node(client) => is_done(client, id),
            Scribe::Store(_) => Ok(false),
        }
    }

    fn saved(&mut self, report: &RecordReport, progress: &Progress) -> Result {
        self.show(report, progress)
    }
}

/// Waits until a line stands in the best chain.
fn mined(client: &Client, id: u64, timeout: u64) -> Result<(RecordReport, RecordPlace)> {
    let mined = poll(ASK_AGAIN, Duration::from_secs(timeout), || {
        let report = client.record_state(id)?;
        Ok(report.and_then(|report| Some((report.block.clone()?, report))))
    })?;
    let (place, report) = mined.ok_or_else(|| {
        failed!(
            "line {id} is saved and was not mined within {timeout} s; it will be while the node runs, so \
             do not say it again"
        )
    })?;
    Ok((report, place))
}
