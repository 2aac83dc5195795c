//! People with keys that are the same in every run, and what they sign.

use std::sync::LazyLock;

use ed25519_zebra::{SigningKey, VerificationKey};
use kusari_chain::ledger::{
    BodyEntry, ChainId, Payload, PublicKey, Salt, Signature, SignedTransaction, UnsignedTransaction,
};

/// Somebody with a key.
pub(crate) struct Person {
    signing: SigningKey,
    pub(crate) key: PublicKey,
}

/// Four people, in no order of their keys.
pub(crate) static PEOPLE: LazyLock<[Person; 4]> =
    LazyLock::new(|| [1, 2, 3, 4].map(|number| Person::new([number; 32])));

impl Person {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(&seed);
        let key = PublicKey(VerificationKey::from(&signing).into());
        Self { signing, key }
    }

    pub(crate) fn sign(&self, unsigned: UnsignedTransaction, chain: &ChainId) -> SignedTransaction {
        let signature = self.signing.sign(&unsigned.signing_bytes(chain));
        unsigned.signed(Signature(signature.to_bytes()))
    }

    /// Signs what follows from a transfer of this amount, fee and sequence, without a payload.
    pub(crate) fn pays(
        &self,
        receiver: &PublicKey,
        (amount, fee, sequence): (u64, u64, u64),
        chain: &ChainId,
    ) -> BodyEntry {
        let parties = (self.key, *receiver);
        let unsigned =
            UnsignedTransaction::transfer(parties.0, parties.1, amount, sequence, fee, None);
        BodyEntry { transaction: self.sign(unsigned, chain), payload: None }
    }

    /// Signs a record with this text, fee and sequence.
    pub(crate) fn records(
        &self,
        data: &str,
        (fee, sequence): (u64, u64),
        chain: &ChainId,
    ) -> BodyEntry {
        let payload = note(data);
        let unsigned = UnsignedTransaction::record(self.key, sequence, fee, &payload);
        BodyEntry { transaction: self.sign(unsigned, chain), payload: Some(payload) }
    }
}

/// A payload with this text.
pub(crate) fn note(data: &str) -> Payload {
    Payload { salt: Salt([7; 16]), data: data.to_owned() }
}
