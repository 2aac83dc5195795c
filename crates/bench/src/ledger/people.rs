//! The accounts that sign the transactions of a measurement.
//!
//! Owns the ring in which they pay: each pays the next as soon as it is paid. In the first round each keeps
//! one unit, since accounts that own nothing share a small part of a pool; so what one block pays the first is
//! enough for any number of transactions.

use std::num::NonZeroUsize;

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use kusari_chain::ledger::{BodyEntry, ChainId, PublicKey, Signature, UnsignedTransaction};

/// How many there are: so many that a batch finds few keys twice.
pub(super) const PEOPLE: u64 = 1_000;

struct Person {
    signing: SigningKey,
    key: PublicKey,
}

pub(super) struct People {
    chain: ChainId,
    threads: NonZeroUsize,
    people: Vec<Person>,
    /// Transactions so far.
    signed: u64,
}

impl People {
    pub(super) fn new(chain: ChainId, threads: NonZeroUsize) -> Self {
        let person = |number: u64| {
            let mut seed = [7; 32];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            let signing = SigningKey::from(seed);
            let key = PublicKey(VerificationKeyBytes::from(&signing).into());
            Person { signing, key }
        };
        Self { chain, threads, people: (0..PEOPLE).map(person).collect(), signed: 0 }
    }

    pub(super) fn threads(&self) -> NonZeroUsize {
        self.threads
    }

    /// Who pays first, and is to be paid by every block.
    pub(super) fn first(&self) -> PublicKey {
        self.people.first().map_or(PublicKey::ZERO, |person| person.key)
    }

    /// The next transactions, each of which pays so much.
    pub(super) fn sign(&mut self, count: u64, amount: u64) -> Vec<BodyEntry> {
        let numbers: Vec<u64> = (self.signed..self.signed + count).collect();
        self.signed += count;
        let this = &*self;
        let share = numbers.len().div_ceil(self.threads.get()).max(1);
        std::thread::scope(|scope| {
            let parts = numbers.chunks(share).map(|part| {
                let sign = move |number: &u64| this.entry(*number, amount);
                scope.spawn(move || part.iter().filter_map(sign).collect::<Vec<BodyEntry>>())
            });
            let parts: Vec<_> = parts.collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
        })
    }

    fn entry(&self, number: u64, amount: u64) -> Option<BodyEntry> {
        let place = |number: u64| usize::try_from(number % PEOPLE).ok();
        let payer = self.people.get(place(number)?)?;
        let paid = self.people.get(place(number + 1)?)?;
        let is_first_round = number + 1 < PEOPLE;
        let amount = if is_first_round { PEOPLE - 1 - number } else { amount };
        let unsigned =
            UnsignedTransaction::transfer(payer.key, paid.key, amount, number / PEOPLE, 0, None);
        let signature = payer.signing.sign(&unsigned.signing_bytes(&self.chain));
        let transaction = unsigned.signed(Signature(signature.to_bytes()));
        Some(BodyEntry { transaction, payload: None })
    }
}
