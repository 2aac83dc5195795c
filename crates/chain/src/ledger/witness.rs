//! Witness statements: a key says that it saw a block as its best chain's tip, and when.
//!
//! Owns the bytes that are signed, the hash that ties a statement to the next one of the same key,
//! and what two statements say about each other. Source: protocol, section 4.4. Knows neither peers
//! nor whom a person trusts. The time in a statement is nothing but the claim of its key.

use borsh::{BorshDeserialize, BorshSerialize};

use super::keys::{PublicKey, Signature};
use super::spec::{ChainId, borsh_hash};
use crate::bytes::fixed_bytes;
use crate::hash::BlockHash;
use crate::object::object_only;
use crate::prelude::*;

fixed_bytes!(
    /// The SHA-256 of a witness's statement in its Borsh form, signature included; zero where there was
    /// none before.
    StatementHash,
    32,
    "a statement's hash",
    "0000000000000000000000000000000000000000000000000000000000000000"
);

/// What is signed before anything else, so that no signature means something elsewhere.
const SIGNING_DOMAIN: &str = "kusari-witness-1";

/// A statement before it is signed. The order of the fields is the order of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize)]
pub struct UnsignedStatement {
    /// Statements of this key before this one.
    pub sequence: u64,
    /// The last of them; zero where there is none.
    pub previous: StatementHash,
    /// Height of the block.
    pub height: u32,
    /// The block.
    pub hash: BlockHash,
    /// When the key saw it, in Unix seconds by its own clock.
    pub time: u64,
}

impl UnsignedStatement {
    /// The bytes that are signed.
    #[must_use]
    pub fn signing_bytes(&self, chain: &ChainId) -> Vec<u8> {
        // Writing numbers and bytes into memory has no way to fail.
        borsh::to_vec(&(SIGNING_DOMAIN, chain, self)).unwrap_or_default()
    }

    /// The statement with its signature.
    #[must_use]
    pub fn signed(self, key: PublicKey, signature: Signature) -> WitnessStatement {
        let Self { sequence, previous, height, hash, time } = self;
        WitnessStatement { key, sequence, previous, height, hash, time, signature }
    }
}

/// A witness's statement, in the form of the protocol. Claims nothing until its signature is checked.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
    ToSchema,
)]
#[serde(remote = "Self", expecting = "an object with the seven keys of a statement")]
pub struct WitnessStatement {
    /// Whose statement it is.
    pub key: PublicKey,
    /// Statements of this key before this one.
    pub sequence: u64,
    /// The last of them; zero where there is none.
    pub previous: StatementHash,
    /// Height of the block.
    pub height: u32,
    /// The block.
    pub hash: BlockHash,
    /// When the key saw it, in Unix seconds by its own clock.
    pub time: u64,
    /// The key's signature.
    pub signature: Signature,
}

object_only!(WitnessStatement);

impl WitnessStatement {
    /// What was signed.
    #[must_use]
    pub fn unsigned(&self) -> UnsignedStatement {
        let Self { sequence, previous, height, hash, time, .. } = *self;
        UnsignedStatement { sequence, previous, height, hash, time }
    }

    /// Whether its key signed it, for this chain. Takes some 40 microseconds.
    #[must_use]
    pub fn is_signed(&self, chain: &ChainId) -> bool {
        self.key.verifies(&self.unsigned().signing_bytes(chain), &self.signature)
    }

    /// What the next statement of this key names as its previous one.
    #[must_use]
    pub fn statement_hash(&self) -> StatementHash {
        StatementHash(borsh_hash(self))
    }

    /// Whether the two are an equivocation: one key, one sequence, and not the same words. Two
    /// signatures under the same words are none: the holder of a key can make many of those.
    #[must_use]
    pub fn equivocates(&self, other: &Self) -> bool {
        self.key == other.key
            && self.sequence == other.sequence
            && self.unsigned() != other.unsigned()
    }
}

/// Two statements of one key under one sequence: the evidence that it cannot be believed.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    BorshSerialize,
    BorshDeserialize,
    ToSchema,
)]
pub struct Equivocation {
    /// The one with the smaller hash, so that a pair is the same evidence everywhere.
    pub first: WitnessStatement,
    /// The other one.
    pub second: WitnessStatement,
}

impl Equivocation {
    /// The two as evidence; `None` where they say nothing against their key. Their signatures are not
    /// looked at.
    #[must_use]
    pub fn of(one: WitnessStatement, other: WitnessStatement) -> Option<Self> {
        if !one.equivocates(&other) {
            return None;
        }
        let in_order = one.statement_hash() < other.statement_hash();
        let (first, second) = if in_order { (one, other) } else { (other, one) };
        Some(Self { first, second })
    }

    /// Whose it is.
    #[must_use]
    pub fn key(&self) -> PublicKey {
        self.first.key
    }

    /// Whether the pair is in order and proves what it says, signatures apart.
    #[must_use]
    pub fn is_evidence(&self) -> bool {
        Self::of(self.first, self.second).as_ref() == Some(self)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_zebra::SigningKey;

    use super::*;

    fn statement(seed: u8, sequence: u64, height: u32) -> WitnessStatement {
        let key = SigningKey::from([seed; 32]);
        let unsigned = UnsignedStatement {
            sequence,
            previous: StatementHash::ZERO,
            height,
            hash: BlockHash([height as u8; 32]),
            time: 1_800_000_000,
        };
        let signature = key.sign(&unsigned.signing_bytes(&ChainId([7; 32])));
        let public = ed25519_zebra::VerificationKey::from(&key);
        unsigned.signed(PublicKey(public.into()), Signature(signature.to_bytes()))
    }

    #[test]
    fn a_statement_counts_for_its_words_its_key_and_its_chain_alone() {
        let made = statement(1, 0, 5);
        assert!(made.is_signed(&ChainId([7; 32])));
        assert!(!made.is_signed(&ChainId([8; 32])));
        let others = [
            WitnessStatement { key: statement(2, 0, 5).key, ..made },
            WitnessStatement { sequence: 1, ..made },
            WitnessStatement { previous: StatementHash([1; 32]), ..made },
            WitnessStatement { height: 6, ..made },
            WitnessStatement { hash: BlockHash([6; 32]), ..made },
            WitnessStatement { time: made.time + 1, ..made },
        ];
        assert!(others.iter().all(|other| !other.is_signed(&ChainId([7; 32]))));
    }

    #[test]
    fn equivocation_is_two_texts_of_one_key_under_one_sequence() {
        let made = statement(1, 0, 5);
        assert!(made.equivocates(&statement(1, 0, 6)));
        assert!(!made.equivocates(&made));
        assert!(!made.equivocates(&statement(1, 1, 6)));
        assert!(!made.equivocates(&statement(2, 0, 6)));
        let signed_again = WitnessStatement { signature: Signature([0; 64]), ..made };
        assert!(!made.equivocates(&signed_again));
    }

    #[test]
    fn evidence_is_the_same_whichever_statement_came_first() {
        let (one, other) = (statement(1, 0, 5), statement(1, 0, 6));
        let evidence = Equivocation::of(one, other).unwrap();
        assert_eq!(Equivocation::of(other, one), Some(evidence));
        assert!(evidence.is_evidence());
        assert_eq!(evidence.key(), one.key);
        let turned = Equivocation { first: evidence.second, second: evidence.first };
        assert!(!turned.is_evidence());
        assert_eq!(Equivocation::of(one, one), None);
        assert!(!Equivocation { first: one, second: one }.is_evidence());
    }

    #[test]
    fn a_statement_reads_what_it_writes_and_takes_no_list_for_an_object() {
        let made = statement(1, 3, 5);
        let json = serde_json::to_string(&made).unwrap();
        assert_eq!(serde_json::from_str::<WitnessStatement>(&json).unwrap(), made);
        let list = serde_json::to_string(&(made.key, 3, made.previous, 5)).unwrap();
        assert!(serde_json::from_str::<WitnessStatement>(&list).is_err());
    }
}
