//! From a line to a message. Reads any JSON that says the right thing; refuses the rest by name.

mod ledger;

use kusari_chain::ledger::ChainId;
use kusari_chain::{Block, BlockHash, CheckedBlock, WholeBlock};
use serde::de::DeserializeOwned;

use super::message::{ErrorReport, GetBlocks, Message};
use super::refusal::{Refusal, WireError};
use super::{MAX_BLOCKS, MAX_HASHES, MAX_LOCATOR, MAX_NAME, MAX_PEERS, MAX_TEXT, cut};
use crate::prelude::*;

/// What a peer's line turned out to be.
pub type Received = Message<CheckedBlock>;

/// Which chain's lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The classic chain: blocks have seven keys, and every other key is ignored.
    Classic,
    /// The ledger chain with this id: its blocks and transactions are checked for it.
    Ledger(ChainId),
    /// Lines that a node of either kind wrote to a file after it had checked them: a block is checked
    /// for the chain that it names itself, and signatures of transactions are not checked again.
    Written,
}

/// Reads one line of the classic chain: [`Dialect::receive`].
///
/// # Errors
/// [`Refusal`] names what is wrong.
pub fn receive(line: &[u8]) -> Result<Received, Refusal> {
    Dialect::Classic.receive(line)
}

impl Dialect {
    /// Reads one line, without its newline, and checks a block or a transaction by itself.
    ///
    /// # Errors
    /// [`Refusal`] names what is wrong. No line panics, and none costs more than its own length and
    /// the signatures in it.
    pub fn receive(self, line: &[u8]) -> Result<Received, Refusal> {
        receive_in(self, line)
    }

    fn block(self, json: &str) -> Result<CheckedBlock, Refusal> {
        let unread = |error: serde_json::Error| unread("BLOCK", &error);
        if self == Self::Classic {
            return Ok(CheckedBlock::check(Block::from_json(json).map_err(unread)?)?);
        }
        let whole = WholeBlock::from_json(json).map_err(unread)?;
        Ok(match (self, whole.ledger) {
            (Self::Ledger(chain), Some(part)) => {
                CheckedBlock::check_whole(whole.block, part, &chain)?
            }
            (_, Some(part)) => {
                let chain = part.commitment.chain_id;
                CheckedBlock::check_whole(whole.block, part, &chain)?
            }
            (_, None) => CheckedBlock::check(whole.block)?,
        })
    }
}

/// A line as text, without a carriage return at its end.
fn text(line: &[u8]) -> Result<&str, Refusal> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    core::str::from_utf8(line).map_err(|error| WireError::NotUtf8(error.valid_up_to()).into())
}

fn receive_in(dialect: Dialect, line: &[u8]) -> Result<Received, Refusal> {
    let text = text(line)?;
    if text.starts_with("GET_CHAIN") {
        return Ok(Message::GetChain);
    }
    let (verb, json) = text.split_once(':').unwrap_or((text, ""));
    if dialect != Dialect::Classic
        && let Some(message) = dialect.ledger_verb(verb, json)?
    {
        return Ok(message);
    }
    Ok(match verb {
        "" if text.is_empty() => return Err(WireError::EmptyLine.into()),
        "BLOCK" => Message::Block(dialect.block(json)?),
        "HELLO" => {
            let mut hello: super::Hello = object("HELLO", json)?;
            hello.agent = cut(&hello.agent, MAX_NAME);
            hello.chain = cut(&hello.chain, MAX_NAME);
            Message::Hello(hello)
        }
        "GET_BLOCKS" => Message::GetBlocks(get_blocks(json)?),
        "END" => {
            let End { count, missing } = object("END", json)?;
            Message::End { count, missing: at_most("END", missing, MAX_HASHES)? }
        }
        "HAVE" => Message::Have(object("HAVE", json)?),
        "GET_PEERS" => Message::GetPeers,
        "PEERS" => Message::Peers(peers(json)?),
        "PING" => Message::Ping(parse("PING", json)?),
        "PONG" => Message::Pong(parse("PONG", json)?),
        "STATUS" if json.is_empty() => Message::GetStatus,
        "STATUS" => Message::Status(object("STATUS", json)?),
        "HELP" if json.is_empty() => Message::GetHelp,
        "HELP" => Message::Help,
        "ERROR" => {
            let report: ErrorReport = object("ERROR", json)?;
            Message::Error(ErrorReport {
                code: cut(&report.code, MAX_NAME),
                message: cut(&report.message, MAX_TEXT),
            })
        }
        _ => return Err(WireError::UnknownVerb(cut(verb, 32)).into()),
    })
}

#[derive(Deserialize)]
struct End {
    count: u32,
    missing: Vec<BlockHash>,
}

#[derive(Deserialize)]
struct GetBlocksFields {
    locator: Option<Vec<BlockHash>>,
    limit: Option<u32>,
    hashes: Option<Vec<BlockHash>>,
}

fn get_blocks(json: &str) -> Result<GetBlocks, WireError> {
    const VERB: &str = "GET_BLOCKS";
    match object(VERB, json)? {
        GetBlocksFields { locator: Some(locator), hashes: None, limit } => Ok(GetBlocks::After {
            locator: at_most(VERB, locator, MAX_LOCATOR)?,
            limit: limit.unwrap_or(MAX_BLOCKS).min(MAX_BLOCKS),
        }),
        GetBlocksFields { locator: None, hashes: Some(hashes), .. } => {
            Ok(GetBlocks::ByHash(at_most(VERB, hashes, MAX_HASHES)?))
        }
        _ => Err(WireError::WrongField {
            verb: VERB,
            detail: "either `locator` or `hashes` is needed, and not both".to_string(),
        }),
    }
}

fn peers(json: &str) -> Result<Vec<core::net::SocketAddr>, WireError> {
    let texts: Vec<String> = parse("PEERS", json)?;
    at_most("PEERS", texts, MAX_PEERS)?
        .iter()
        .map(|text| {
            text.parse().map_err(|_| WireError::WrongField {
                verb: "PEERS",
                detail: alloc::format!("{:?} is not `ip:port`", cut(text, 64)),
            })
        })
        .collect()
}

fn at_most<T>(verb: &'static str, list: Vec<T>, limit: usize) -> Result<Vec<T>, WireError> {
    if list.len() > limit {
        return Err(WireError::TooMany { verb, count: list.len(), limit });
    }
    Ok(list)
}

/// Reads a JSON object. The reader would also take a list for a struct, field by field.
fn object<T: DeserializeOwned>(verb: &'static str, json: &str) -> Result<T, WireError> {
    if json.trim_start().starts_with('[') {
        let detail = "an object with named fields is needed, not a list".to_string();
        return Err(WireError::WrongField { verb, detail });
    }
    parse(verb, json)
}

fn parse<T: DeserializeOwned>(verb: &'static str, json: &str) -> Result<T, WireError> {
    serde_json::from_str(json).map_err(|error| unread(verb, &error))
}

fn unread(verb: &'static str, error: &serde_json::Error) -> WireError {
    // The reader quotes what it found, which may be long.
    let detail = cut(&error.to_string(), MAX_TEXT);
    match error.classify() {
        serde_json::error::Category::Data => WireError::WrongField { verb, detail },
        _ => WireError::NotJson { verb, detail },
    }
}
