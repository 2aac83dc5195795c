//! What a witness key has said, as its driver remembers it beside the key and apart from the store.
//!
//! A store may be lost or come back from an old copy while the key stays, and a key that says a second
//! thing under a used sequence is worth nothing ever after. So this only rises, and is durable before a
//! statement leaves the node. Where it is kept, and in which form, is up to the driver.

use kusari_chain::ledger::{StatementHash, UnsignedStatement, WitnessStatement};

use crate::prelude::*;

/// The newest statement of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStatement {
    /// Its sequence.
    pub sequence: u64,
    /// What the next statement names as its previous one.
    pub hash: StatementHash,
}

impl From<&WitnessStatement> for LastStatement {
    fn from(statement: &WitnessStatement) -> Self {
        Self { sequence: statement.sequence, hash: statement.statement_hash() }
    }
}

/// What is remembered of the statements of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessMemory {
    /// The key is older than the memory of keys: what the store holds of it is all that is known.
    Unkept,
    /// What was remembered is gone, and the store may be older than it was. The key must say nothing.
    #[default]
    Lost,
    /// The key is new: it has said nothing.
    Nothing,
    /// Its last statement.
    Last(LastStatement),
}

impl WitnessMemory {
    /// The last statement, where one is known.
    #[must_use]
    pub fn last(self) -> Option<LastStatement> {
        match self {
            Self::Last(last) => Some(last),
            Self::Unkept | Self::Lost | Self::Nothing => None,
        }
    }

    /// What is remembered once `other` is known as well. It only rises, and what is lost stays lost.
    #[must_use]
    pub fn raised(self, other: Self) -> Self {
        match (self, other) {
            (Self::Lost, _) | (_, Self::Unkept) => self,
            (Self::Unkept, _) => other,
            (Self::Last(_), Self::Nothing | Self::Lost) => self,
            (Self::Nothing, _) => other,
            (Self::Last(mine), Self::Last(theirs)) if theirs.sequence <= mine.sequence => self,
            (Self::Last(_), Self::Last(_)) => other,
        }
    }

    /// Whether a key of which this is remembered may sign the statement: what was used, or may have
    /// been, is never used again.
    #[must_use]
    pub fn may_sign(self, statement: &UnsignedStatement) -> bool {
        match self {
            Self::Unkept | Self::Lost => false,
            Self::Nothing => true,
            Self::Last(last) => statement.sequence > last.sequence,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::BlockHash;

    fn last(sequence: u64, byte: u8) -> WitnessMemory {
        WitnessMemory::Last(LastStatement { sequence, hash: StatementHash([byte; 32]) })
    }

    #[test]
    fn what_is_remembered_only_rises_and_what_is_lost_stays_lost() {
        use WitnessMemory::{Lost, Nothing, Unkept};
        for (before, other, after) in [
            (Unkept, Nothing, Nothing),
            (Unkept, last(3, 1), last(3, 1)),
            (Unkept, Lost, Lost),
            (Nothing, last(0, 1), last(0, 1)),
            (Nothing, Unkept, Nothing),
            (last(3, 1), last(2, 2), last(3, 1)),
            (last(3, 1), last(3, 2), last(3, 1)),
            (last(3, 1), last(4, 2), last(4, 2)),
            (last(3, 1), Nothing, last(3, 1)),
            (last(3, 1), Unkept, last(3, 1)),
            (last(3, 1), Lost, last(3, 1)),
            (Lost, last(9, 1), Lost),
            (Lost, Nothing, Lost),
        ] {
            assert_eq!(before.raised(other), after, "{before:?} and {other:?}");
        }
    }

    #[test]
    fn a_used_sequence_is_never_signed_again_and_an_unknown_past_ends_signing() {
        let statement = |sequence| UnsignedStatement {
            sequence,
            previous: StatementHash::ZERO,
            height: 1,
            hash: BlockHash([1; 32]),
            time: 5,
        };
        for (memory, sequence, may) in [
            (WitnessMemory::Nothing, 0, true),
            (last(3, 1), 2, false),
            (last(3, 1), 3, false),
            (last(3, 1), 4, true),
            (WitnessMemory::Lost, u64::MAX, false),
            (WitnessMemory::Unkept, 0, false),
        ] {
            assert_eq!(memory.may_sign(&statement(sequence)), may, "{memory:?}, {sequence}");
        }
    }
}
