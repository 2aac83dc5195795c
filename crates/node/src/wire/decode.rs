//! From a line to a message. Reads any JSON that says the right thing; refuses the rest by name.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kusari_chain::accept::{CheckedHeader, Header};
use kusari_chain::ledger::{BodyEntry, ChainId, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{Block, BlockHash, CheckedBlock, RuleViolation, WholeBlock};
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};

use super::message::{CompactBlock, ErrorReport, GetBlocks, Message};
use super::{
    MAX_BLOCKS, MAX_HASHES, MAX_HEADERS, MAX_LOCATOR, MAX_NAME, MAX_PEERS, MAX_PLACES, MAX_TEXT,
    cut,
};

/// What a peer's line turned out to be.
pub type Received = Message<CheckedBlock>;

/// The name of a verb of ours.
pub type Verb = &'static str;

/// Verbs that carry something, and so can be refused by name.
const VERBS: [Verb; 17] = [
    "COMPACT",
    "GET_TRANSACTIONS",
    "TRANSACTIONS",
    "GET_HEADERS",
    "HEADERS",
    "BLOCK",
    "HELLO",
    "GET_BLOCKS",
    "END",
    "HAVE",
    "TX",
    "ACCEPTED",
    "PEERS",
    "PING",
    "PONG",
    "STATUS",
    "ERROR",
];

fn known_verb<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Verb, D::Error> {
    let text = String::deserialize(deserializer)?;
    let known = VERBS.into_iter().find(|verb| *verb == text);
    known.ok_or_else(|| de::Error::custom("there is no such verb"))
}

/// Why a line is not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireError {
    /// The line is longer than it may be. Found by the framer; the connection is then closed.
    #[error(transparent)]
    TooLong(#[from] super::LineTooLong),
    /// The line was not finished in time. Found by the driver; the connection is then closed.
    #[error("the line was not finished within {seconds} s")]
    Unfinished {
        /// The time it had.
        seconds: u64,
    },
    /// The input ended within a line. Found by the driver.
    #[error("the input ended {bytes} bytes into a line; every line ends with a newline")]
    CutOff {
        /// Bytes of the line that came.
        bytes: usize,
    },
    /// There is nothing before the newline.
    #[error("the line is empty; HELP lists the verbs")]
    EmptyLine,
    /// The bytes are not UTF-8.
    #[error("the line is not UTF-8 from byte {0} on")]
    NotUtf8(usize),
    /// No such verb.
    #[error("there is no verb {0:?}; HELP lists the verbs")]
    UnknownVerb(String),
    /// What follows the verb is not JSON.
    #[error("{verb} carries no valid JSON: {detail}")]
    NotJson {
        /// The verb.
        #[serde(deserialize_with = "known_verb")]
        verb: Verb,
        /// What the JSON reader says.
        detail: String,
    },
    /// It is JSON, but a field is missing, doubled, of the wrong type or out of range.
    #[error("{verb} has a wrong field: {detail}")]
    WrongField {
        /// The verb.
        #[serde(deserialize_with = "known_verb")]
        verb: Verb,
        /// What the JSON reader says.
        detail: String,
    },
    /// A list is longer than it may be.
    #[error("{verb} lists {count} items, at most {limit} are allowed")]
    TooMany {
        /// The verb.
        #[serde(deserialize_with = "known_verb")]
        verb: Verb,
        /// Items in the list.
        count: usize,
        /// The limit.
        limit: usize,
    },
}

/// Why a line is refused, before the chain has seen it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// It is not a message.
    #[error(transparent)]
    Malformed(#[from] WireError),
    /// It is a block that breaks a rule by itself.
    #[error(transparent)]
    Rule(#[from] RuleViolation),
    /// It is a transaction that breaks a rule by itself.
    #[error(transparent)]
    Transaction(#[from] TransactionViolation),
}

impl Refusal {
    /// Short name of the fault, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rule(violation) => violation.code(),
            Self::Transaction(violation) => violation.code(),
            Self::Malformed(error) => match error {
                WireError::TooLong(_) => "line-too-long",
                WireError::Unfinished { .. } | WireError::CutOff { .. } => "line-without-end",
                WireError::EmptyLine => "empty-line",
                WireError::NotUtf8(_) => "bad-utf8",
                WireError::UnknownVerb(_) => "unknown-verb",
                WireError::NotJson { .. } => "bad-json",
                WireError::WrongField { .. } => "bad-field",
                WireError::TooMany { .. } => "too-many",
            },
        }
    }

    /// The verb whose JSON was refused.
    pub(crate) fn verb(&self) -> Option<&'static str> {
        match self {
            Self::Malformed(
                WireError::NotJson { verb, .. }
                | WireError::WrongField { verb, .. }
                | WireError::TooMany { verb, .. },
            ) => Some(verb),
            _ => None,
        }
    }

    /// The refusal as the peer is told it.
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        ErrorReport { code: self.code().to_string(), message: self.to_string() }
    }
}

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

    fn header(self, header: Header) -> Result<CheckedHeader, RuleViolation> {
        let chain = match self {
            Self::Ledger(chain) => chain,
            _ => header.commitment.chain_id,
        };
        CheckedHeader::check(header, &chain)
    }

    fn compact(self, json: &str) -> Result<CompactBlock, Refusal> {
        // Unknown keys are ignored, so the header and the ids are read one after the other.
        let header: Header = object("COMPACT", json)?;
        let Txids { txids } = object("COMPACT", json)?;
        let header = self.header(header)?;
        let claimed = header.header().commitment.body_count;
        if claimed as usize != txids.len() {
            let counted = txids.len();
            return Err(RuleViolation::WrongBodyCount { claimed, counted }.into());
        }
        Ok(CompactBlock { header, txids })
    }

    fn headers(self, json: &str) -> Result<Vec<CheckedHeader>, Refusal> {
        let headers: Vec<Header> = parse("HEADERS", json)?;
        let headers = at_most("HEADERS", headers, MAX_HEADERS as usize)?;
        headers.into_iter().map(|header| Ok(self.header(header)?)).collect()
    }

    fn transaction(self, json: &str) -> Result<CheckedTransaction, Refusal> {
        let BodyEntry { transaction, payload } = object("TX", json)?;
        Ok(match self {
            Self::Ledger(chain) => CheckedTransaction::check(transaction, payload, &chain)?,
            _ => CheckedTransaction::check_unsigned(transaction, payload)?,
        })
    }
}

fn receive_in(dialect: Dialect, line: &[u8]) -> Result<Received, Refusal> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text =
        core::str::from_utf8(line).map_err(|error| WireError::NotUtf8(error.valid_up_to()))?;
    if text.starts_with("GET_CHAIN") {
        return Ok(Message::GetChain);
    }
    let (verb, json) = text.split_once(':').unwrap_or((text, ""));
    Ok(match verb {
        "" if text.is_empty() => return Err(WireError::EmptyLine.into()),
        "BLOCK" => Message::Block(dialect.block(json)?),
        "TX" if dialect != Dialect::Classic => {
            Message::Transaction(Box::new(dialect.transaction(json)?))
        }
        "ACCEPTED" if dialect != Dialect::Classic => {
            let Accepted { txid } = object("ACCEPTED", json)?;
            Message::Accepted { txid }
        }
        "GET_MEMPOOL" if dialect != Dialect::Classic => Message::GetMempool,
        "HELLO" => {
            let mut hello: super::Hello = object("HELLO", json)?;
            hello.agent = cut(&hello.agent, MAX_NAME);
            hello.chain = cut(&hello.chain, MAX_NAME);
            Message::Hello(hello)
        }
        "GET_BLOCKS" => Message::GetBlocks(get_blocks(json)?),
        "GET_HEADERS" if dialect != Dialect::Classic => {
            let GetHeadersFields { locator, limit } = object("GET_HEADERS", json)?;
            let locator = at_most("GET_HEADERS", locator, MAX_LOCATOR)?;
            let limit = limit.unwrap_or(MAX_HEADERS).min(MAX_HEADERS);
            Message::GetHeaders { locator, limit }
        }
        "COMPACT" if dialect != Dialect::Classic => {
            Message::CompactReceived(Box::new(dialect.compact(json)?))
        }
        "GET_TRANSACTIONS" if dialect != Dialect::Classic => {
            let Places { hash, places } = object("GET_TRANSACTIONS", json)?;
            let places = at_most("GET_TRANSACTIONS", places, MAX_PLACES)?;
            Message::GetTransactions { hash, places }
        }
        "TRANSACTIONS" if dialect != Dialect::Classic => {
            let Entries { hash, entries } = object("TRANSACTIONS", json)?;
            let entries = at_most("TRANSACTIONS", entries, MAX_PLACES)?;
            Message::Transactions { hash, entries }
        }
        "HEADERS" if dialect != Dialect::Classic => Message::Headers(dialect.headers(json)?),
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
struct Accepted {
    txid: Txid,
}

#[derive(Deserialize)]
struct End {
    count: u32,
    missing: Vec<BlockHash>,
}

#[derive(Deserialize)]
struct Txids {
    txids: Vec<Txid>,
}

#[derive(Deserialize)]
struct Places {
    hash: BlockHash,
    places: Vec<u32>,
}

#[derive(Deserialize)]
struct Entries {
    hash: BlockHash,
    entries: Vec<BodyEntry>,
}

#[derive(Deserialize)]
struct GetHeadersFields {
    locator: Vec<BlockHash>,
    limit: Option<u32>,
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
