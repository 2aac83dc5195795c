//! A transaction in a file or a journal.
//!
//! Owns nothing of the form, which is the one of the wire.

use kusari_chain::CheckedBlock;
use kusari_chain::mempool::CheckedTransaction;

use crate::prelude::*;
use crate::wire::Message;

/// A transaction in a file: as the line that carries it, without its newline, and checked again but
/// for its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Message<CheckedBlock>", try_from = "Message<CheckedBlock>")]
pub struct WrittenTransaction(pub CheckedTransaction);

impl From<WrittenTransaction> for Message<CheckedBlock> {
    fn from(written: WrittenTransaction) -> Self {
        Self::Transaction(Box::new(written.0))
    }
}

impl TryFrom<Message<CheckedBlock>> for WrittenTransaction {
    type Error = &'static str;

    fn try_from(message: Message<CheckedBlock>) -> Result<Self, Self::Error> {
        match message {
            Message::Transaction(checked) => Ok(Self(*checked)),
            _ => Err("it is no transaction"),
        }
    }
}
