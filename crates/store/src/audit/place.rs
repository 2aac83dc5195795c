//! Where something is wrong with a store, and how a finding is said.

use core::fmt;

use kusari_chain::BlockHash;
use kusari_chain::ledger::{PublicKey, Txid};
use kusari_node::store::EntryId;

use super::AuditFault;
use crate::fault::DAMAGE_REMEDY;

/// One thing that is wrong with a store. In words, a sentence with the remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it is.
    pub place: Place,
    /// What is wrong there.
    pub fault: AuditFault,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is bad: {}; {DAMAGE_REMEDY}", self.place, self.fault)
    }
}

/// A place in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The file as a whole.
    #[default]
    File,
    /// A table as a whole.
    Table(&'static str),
    /// A fact about the whole store, by its name.
    Fact(&'static str),
    /// The best chain's block at this height.
    Best(u32),
    /// A block beside the best chain.
    Side {
        /// Its order, which names it.
        order: u64,
        /// Its height, once its record is read.
        height: Option<u32>,
    },
    /// The held branch that begins with this block.
    Held(BlockHash),
    /// The record of the outbox with this number.
    Entry(EntryId),
    /// The account of this key.
    Account(PublicKey),
    /// The transaction with this id that waits to be mined.
    Waiting(Txid),
    /// A transaction that one of ours follows.
    Predecessor {
        /// Its sender.
        sender: PublicKey,
        /// Its sequence.
        sequence: u64,
    },
    /// A statement of a witness.
    Statement {
        /// Its key.
        key: PublicKey,
        /// Its sequence.
        sequence: u64,
    },
    /// The evidence against this key.
    Equivocation(PublicKey),
}

impl Place {
    /// Height of the block that this place is, if it is one.
    #[must_use]
    pub fn height(&self) -> Option<u32> {
        match self {
            Self::Best(height) => Some(*height),
            Self::Side { height, .. } => *height,
            Self::File
            | Self::Table(_)
            | Self::Fact(_)
            | Self::Held(_)
            | Self::Entry(_)
            | Self::Account(_)
            | Self::Waiting(_)
            | Self::Predecessor { .. }
            | Self::Statement { .. }
            | Self::Equivocation(_) => None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Table(name) => write!(f, "table `{name}`"),
            Self::Fact(name) => write!(f, "the fact `{name}`"),
            Self::Best(height) => write!(f, "block {height}"),
            Self::Side { order, height: None } => write!(f, "side block number {order}"),
            Self::Side { order, height: Some(height) } => {
                write!(f, "side block number {order}, at height {height},")
            }
            Self::Held(root) => write!(f, "the held branch from {root} on"),
            Self::Entry(id) => write!(f, "record {id}"),
            Self::Account(key) => write!(f, "the account of key {key}"),
            Self::Waiting(txid) => write!(f, "the waiting transaction {txid}"),
            Self::Predecessor { sender, sequence } => {
                write!(f, "transaction {sequence} of key {sender}, which one of ours follows,")
            }
            Self::Statement { key, sequence } => {
                write!(f, "statement {sequence} of witness {key}")
            }
            Self::Equivocation(key) => write!(f, "the evidence against witness {key}"),
        }
    }
}
