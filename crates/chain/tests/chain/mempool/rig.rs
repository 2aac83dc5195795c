//! What these tests share: people with keys, transactions of theirs, and a pool beside accounts.

use std::collections::BTreeMap;

use ed25519_zebra::SigningKey;
use kusari_chain::ledger::{
    Account, ChainSpec, Payload, PublicKey, Salt, Signature, SignedTransaction, Txid,
    UnsignedTransaction,
};
use kusari_chain::mempool::{
    Admission, CheckedTransaction, Followed, Mempool, PoolLimits, PoolRefusal, PooledTransaction,
};
use kusari_chain::params::POOLED_OVERHEAD_BYTES;

/// Somebody who can sign. Equal numbers are the same person.
pub(crate) fn signer(person: u32) -> SigningKey {
    let mut seed = [7; 32];
    seed[..4].copy_from_slice(&person.to_le_bytes());
    SigningKey::from(seed)
}

pub(crate) fn key(person: u32) -> PublicKey {
    let bytes = ed25519_zebra::VerificationKeyBytes::from(&signer(person));
    PublicKey(bytes.into())
}

pub(crate) fn text(bytes: usize) -> Payload {
    Payload { salt: Salt::ZERO, data: "x".repeat(bytes) }
}

/// A transaction in the making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draft {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) amount: u64,
    pub(crate) fee: u64,
    pub(crate) sequence: u64,
    /// Of the payload; none where zero.
    pub(crate) bytes: usize,
}

impl Draft {
    /// A transaction of a person to itself that costs this fee.
    pub(crate) fn fee(from: u32, sequence: u64, fee: u64) -> Self {
        Self { from, to: from, amount: 0, fee, sequence, bytes: 0 }
    }

    pub(crate) fn payload(&self) -> Option<Payload> {
        (self.bytes > 0).then(|| text(self.bytes))
    }

    pub(crate) fn sign(&self, spec: &ChainSpec) -> SignedTransaction {
        let (pair, payload) = ((key(self.from), key(self.to)), self.payload());
        let unsigned = UnsignedTransaction::transfer(
            pair.0,
            pair.1,
            self.amount,
            self.sequence,
            self.fee,
            payload.as_ref(),
        );
        let signature = signer(self.from).sign(&unsigned.signing_bytes(&spec.chain_id()));
        unsigned.signed(Signature(signature.into()))
    }

    pub(crate) fn check(&self) -> CheckedTransaction {
        let spec = ChainSpec::ledger();
        CheckedTransaction::check(self.sign(&spec), self.payload(), &spec.chain_id()).unwrap()
    }

    pub(crate) fn txid(&self) -> Txid {
        self.sign(&ChainSpec::ledger()).txid()
    }
}

/// Bytes of a transaction without a payload, as the pool counts.
pub(crate) const SMALLEST: u64 = SignedTransaction::BYTES as u64 + POOLED_OVERHEAD_BYTES;

/// A pool, and the accounts of the best chain beside it.
pub(crate) struct Rig {
    pub(crate) pool: Mempool,
    pub(crate) spec: ChainSpec,
    pub(crate) accounts: BTreeMap<PublicKey, Account>,
}

impl Rig {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        let (pool, spec) = (Mempool::new(limits), ChainSpec::ledger());
        Self { pool, spec, accounts: BTreeMap::new() }
    }

    /// Accounts of people 0, 1, … that have these balances.
    pub(crate) fn with_balances(mut self, balances: &[u64]) -> Self {
        for (person, balance) in (0..).zip(balances) {
            self.set(person, *balance, 0);
        }
        self
    }

    fn set(&mut self, person: u32, balance: u64, sequence: u64) -> Account {
        let account = Account { key: key(person), balance, sequence };
        self.accounts.insert(account.key, account);
        account
    }

    pub(crate) fn account(&self, key: PublicKey) -> Account {
        self.accounts.get(&key).copied().unwrap_or(Account::empty(key))
    }

    pub(crate) fn admit(
        &mut self,
        checked: CheckedTransaction,
        own: bool,
        now: u64,
    ) -> Result<Admission, PoolRefusal> {
        let account = self.account(checked.transaction().sender);
        self.pool.admit(checked, &account, &self.spec, own, now)
    }

    /// Another's, at time 0.
    pub(crate) fn other(&mut self, draft: Draft) -> Result<Admission, PoolRefusal> {
        self.admit(draft.check(), false, 0)
    }

    /// Our own, at time 0.
    pub(crate) fn own(&mut self, draft: Draft) -> Result<Admission, PoolRefusal> {
        self.admit(draft.check(), true, 0)
    }

    /// The best chain moved, and this account with it.
    pub(crate) fn follow(&mut self, person: u32, balance: u64, sequence: u64) -> Followed {
        let account = self.set(person, balance, sequence);
        self.pool.follow([account])
    }

    pub(crate) fn offered(&self, person: u32) -> Vec<u64> {
        sequences(self.pool.by_sender(&key(person)))
    }

    pub(crate) fn parked(&self) -> Vec<u64> {
        sequences(self.pool.parked())
    }
}

pub(crate) fn sequences<'a>(pooled: impl IntoIterator<Item = &'a PooledTransaction>) -> Vec<u64> {
    pooled.into_iter().map(|pooled| pooled.transaction().sequence).collect()
}

/// What a block with these transactions does to the accounts. Stops at one that may not be in it.
pub(crate) fn apply(accounts: &mut BTreeMap<PublicKey, Account>, selected: &[&PooledTransaction]) {
    for pooled in selected {
        let transaction = pooled.transaction();
        let sender =
            accounts.entry(transaction.sender).or_insert(Account::empty(transaction.sender));
        assert_eq!(transaction.sequence, sender.sequence);
        sender.balance = sender.balance.checked_sub(transaction.cost().unwrap()).unwrap();
        sender.sequence += 1;
        let receiver =
            accounts.entry(transaction.receiver).or_insert(Account::empty(transaction.receiver));
        receiver.balance = receiver.balance.checked_add(transaction.amount).unwrap();
    }
}
