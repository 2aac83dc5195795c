//! `kusari say`.
//!
//! Entrusts lines to the node that runs, or to the outbox of its store. A receipt is printed once a
//! line is durable.

use std::io::{self, BufReader};
use std::time::{Duration, Instant};

use kusari_node::seam::{Command, Reply, SayRefusal};

use super::Failure;
use crate::api::client::{Client, ClientError};
use crate::api::model::{RecordPlace, RecordReport};
use crate::cli::access::Access;
use crate::cli::choice::NodeChoice;
use crate::cli::entrust::receipt;
use crate::cli::escape::counted;
use crate::cli::lines::{Content, Lines};
use crate::cli::pipe::refusal;
use crate::cli::say_beside;
use crate::cli::stdout::Stdout;
use crate::cli::words::added;
use crate::runtime::offline::Offline;

/// How long `--wait` waits, in seconds. A block takes far less than one; in the worst case there
/// are a thousand other lines before it.
const DEFAULT_TIMEOUT: u64 = 60;

/// How often the node is asked whether a line is mined.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Record a line of text
#[derive(Debug, clap::Args)]
pub(crate) struct SayArgs {
    /// The line; `-` records every line of stdin
    #[arg(value_name = "TEXT|-")]
    pub(crate) text: String,

    /// Wait until it is mined, and show its block
    #[arg(long)]
    pub(crate) wait: bool,

    /// Longest wait for each line with --wait [default: 60]
    #[arg(long, value_name = "SECONDS", requires = "wait")]
    pub(crate) timeout: Option<u64>,

    #[command(flatten)]
    pub(crate) node: NodeChoice,

    /// Print JSON, an object a line
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &SayArgs) -> Result<(), Failure> {
    let scribe = match args.node.open()? {
        Access::Running(client) => Scribe::Node(client),
        Access::Stored { .. } if args.wait => {
            return Err(Failure::failed(
                "no node runs that would mine it; start one, or leave out --wait",
            ));
        }
        Access::Stored { store, .. } => Scribe::Store(Box::new(Offline::open(store)?)),
    };
    let mut say = Say { scribe, output: Stdout::new(), args };
    match args.text.as_str() {
        "-" => say.all_lines(),
        text => match say.line(text)? {
            Ok(()) => Ok(()),
            Err(refusal) => Err(Failure::failed(refusal)),
        },
    }
}

/// Who takes a line.
enum Scribe {
    Node(Client),
    Store(Box<Offline>),
}

impl Scribe {
    /// Records a line; the inner error is a refusal of this very line.
    fn record(&mut self, text: &str) -> Result<Result<RecordReport, String>, Failure> {
        match self {
            Self::Node(client) => {
                let on_full = &mut |why: &str| say_beside(&format!("{why}; waiting for room"));
                match client.record(text, on_full) {
                    Ok(report) => Ok(Ok(report)),
                    Err(ClientError::Problem(problem)) if problem.status == UNPROCESSABLE => {
                        Ok(Err(problem.detail))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Self::Store(node) => match node.command(Command::Offer(text.to_owned()))?.reply {
                Some(Reply::Saved(id)) => {
                    Ok(Ok(RecordReport::waiting(id, text.to_owned())))
                }
                Some(Reply::Refused(SayRefusal::OutboxFull { waiting })) => Err(full(waiting)),
                Some(Reply::Refused(refusal)) => Ok(Err(refusal.to_string())),
                _ => Err(Failure::failed(
                    "the line was answered with something else, which is a bug in kusari; please \
                     report it",
                )),
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
    Failure::failed(format!(
        "{} to be mined already, and no more are kept; start the node, then try again",
        match waiting {
            1 => String::from("1 line waits"),
            lines => format!("{} wait", counted(lines, "line")),
        }
    ))
}

/// HTTP status for a line that cannot be recorded whatever happens.
const UNPROCESSABLE: u16 = 422;

struct Say<'a> {
    scribe: Scribe,
    output: Stdout,
    args: &'a SayArgs,
}

impl Say<'_> {
    /// Records every line of stdin, as a node does whose stdin is a pipe.
    fn all_lines(&mut self) -> Result<(), Failure> {
        let mut lines = Lines::new(BufReader::new(io::stdin()));
        let mut refused = 0;
        loop {
            let line = lines.next_line().map_err(|error| {
                Failure::failed(format!(
                    "the input cannot be read any further ({error}); what was acknowledged is \
                     saved, so begin after it"
                ))
            })?;
            let Some(line) = line else { break };
            let why_not = match line.content {
                Content::Text(text) => {
                    let why_not = self.line(&text)?.err();
                    why_not
                        .map(|why| format!("Line {} of the input is not saved: {why}", line.number))
                }
                unfit => Some(refusal(line.number, &unfit)),
            };
            if let Some(why_not) = why_not {
                refused += 1;
                say_beside(&why_not);
            }
        }
        match refused {
            0 => Ok(()),
            1 => Err(Failure::failed("1 line is not saved; why stands above")),
            _ => Err(Failure::failed(format!(
                "{} are not saved; why stands above",
                counted(refused, "line")
            ))),
        }
    }

    /// Records one line and shows the receipt; the inner error is why this line is refused.
    fn line(&mut self, text: &str) -> Result<Result<(), String>, Failure> {
        let report = match self.scribe.record(text)? {
            Ok(report) => report,
            Err(refusal) => return Ok(Err(refusal)),
        };
        match (self.args.wait, self.args.json) {
            (false, true) => self.output.json(&report)?,
            (_, false) => self.output.line(&self.scribe.receipt(report.id))?,
            (true, true) => {}
        }
        if let Some(warning) = report.warning.as_ref().filter(|_| !self.args.json) {
            note(&format!("Line {}: {warning}", report.id));
        }
        // Whoever feeds us line by line waits for it, even where nobody reads it any more.
        self.output.flush()?;
        if let (true, Scribe::Node(client)) = (self.args.wait, &self.scribe) {
            let timeout = self.args.timeout.unwrap_or(DEFAULT_TIMEOUT);
            let (report, place) = mined(client, report.id, timeout)?;
            if self.args.json {
                self.output.json(&report)?;
            } else if let Some(found) = client.block(&place.hash.to_string())? {
                self.output.line(&added(&found.block.block, found.block.ledger.as_deref()))?;
            }
            self.output.flush()?;
        }
        Ok(Ok(()))
    }
}

/// Waits until a line stands in the best chain.
fn mined(client: &Client, id: u64, timeout: u64) -> Result<(RecordReport, RecordPlace), Failure> {
    let start = now();
    loop {
        let report = client.record_state(id)?;
        if let Some((report, place)) = report.and_then(|report| {
            let place = report.block.clone()?;
            Some((report, place))
        }) {
            return Ok((report, place));
        }
        if start.elapsed() >= Duration::from_secs(timeout) {
            return Err(Failure::failed(format!(
                "line {id} is saved and was not mined within {timeout} s; it will be while the \
                 node runs, so do not say it again"
            )));
        }
        std::thread::park_timeout(ASK_AGAIN);
    }
}

#[expect(clippy::disallowed_methods, reason = "a person's deadline, for a node elsewhere")]
fn now() -> Instant {
    Instant::now()
}
