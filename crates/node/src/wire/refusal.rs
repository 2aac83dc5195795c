//! Why a line is refused, and how a peer is told.
//!
//! Owns the faults of a line and the short names of all faults; finds none of them itself.

use kusari_chain::RuleViolation;
use kusari_chain::rules::TransactionViolation;
use serde::{Deserializer, de};

use super::message::ErrorReport;
use crate::prelude::*;

/// The name of a verb of ours.
pub type Verb = &'static str;

/// Verbs that carry something, and so can be refused by name.
const VERBS: [Verb; 18] = [
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
    "WITNESS",
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
#[non_exhaustive]
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
#[non_exhaustive]
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
    /// It is a statement that its key did not sign, for this chain at least.
    #[error("the signature is not its key's over this statement on this chain")]
    StatementSignature,
}

impl Refusal {
    /// Short name of the fault, as `ERROR` lines carry it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rule(violation) => violation.code(),
            Self::Transaction(violation) => violation.code(),
            Self::StatementSignature => "bad-statement-signature",
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
