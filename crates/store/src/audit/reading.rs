//! What it means for an audit that something cannot be read.

use super::AuditFault;
use crate::fault::Fault;

/// The remedy is the finding's to say, so only the cause is taken over.
impl From<Fault> for AuditFault {
    fn from(fault: Fault) -> Self {
        Self::Unreadable(match fault {
            Fault::Unreadable { reason, .. } => reason,
            Fault::Altered { .. } => return Self::Altered,
            Fault::AlteredBlock(block)
            | Fault::AlteredEnd(block)
            | Fault::AlteredBelowEnd(block) => block.reason,
            Fault::Database(error) => error.to_string(),
            Fault::BrokenOff => String::from("reading it broke off"),
            other @ (Fault::Unfitting(_) | Fault::Earlier(_)) => other.to_string(),
        })
    }
}

macro_rules! from_database {
    ($($error:ty),*) => {
        $(impl From<$error> for AuditFault {
            fn from(error: $error) -> Self {
                Fault::from(error).into()
            }
        })*
    };
}

from_database!(redb::StorageError, redb::TableError, redb::TransactionError);
