//! The pool and the model do the same, whatever comes in whatever order.

use std::collections::BTreeSet;

use kusari_chain::ledger::{Account, Txid};
use kusari_chain::mempool::{CheckedTransaction, Mempool, PoolLimits, PooledTransaction};
use proptest::prelude::*;

use crate::mempool::model::{Entry, Model};
use crate::mempool::rig::{Draft, Rig, SMALLEST, apply, key};

const PEOPLE: u32 = 4;

/// Small enough that every bound is met often.
const LIMITS: PoolLimits = PoolLimits {
    bytes: 8 * SMALLEST,
    sender_transactions: 4,
    sender_bytes: 4 * SMALLEST + 200,
    own_bytes: 4 * SMALLEST,
    age_s: 50,
    penniless_bytes: PoolLimits::GREATEST.penniless_bytes,
};

#[derive(Clone, Debug)]
enum Step {
    /// A transaction whose sequence is this much behind one below the next.
    Admit { draft: Draft, own: bool },
    /// One that was there before comes again.
    Again { which: usize, own: bool },
    /// So many of a person's are mined, or reverted, and the balance is another.
    Follow { person: u32, by: i64, balance: u64 },
    /// What would be selected is mined.
    Mine { bytes: u64 },
    /// Time passes.
    Expire,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let people = || 0..PEOPLE;
    let bytes = prop_oneof![4 => Just(0_usize), 2 => 1..600_usize, 1 => 1_500..3_500_usize];
    let draft = (people(), people(), 0..40_u64, 0..12_u64, 0..4_u64, bytes).prop_map(
        |(from, to, amount, fee, sequence, bytes)| Draft { from, to, amount, fee, sequence, bytes },
    );
    let step = prop_oneof![
        12 => (draft, any::<bool>()).prop_map(|(draft, own)| Step::Admit { draft, own }),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(which, own)| Step::Again { which, own }),
        3 => (people(), -2..4_i64, 0..200_u64)
            .prop_map(|(person, by, balance)| Step::Follow { person, by, balance }),
        1 => (0..1_500_u64).prop_map(|bytes| Step::Mine { bytes }),
        1 => Just(Step::Expire),
    ];
    proptest::collection::vec(step, 1..70)
}

struct Both {
    rig: Rig,
    model: Model,
    seen: Vec<CheckedTransaction>,
    /// Own ones that were let in and not reported as gone.
    own: BTreeSet<Txid>,
    now: u64,
}

impl Both {
    fn new() -> Self {
        let rig = Rig::new(LIMITS).with_balances(&[100; PEOPLE as usize]);
        let (limits, accounts) = (LIMITS, rig.accounts.clone());
        let model = Model { limits, entries: Vec::new(), accounts };
        Self { rig, model, seen: Vec::new(), own: BTreeSet::new(), now: 0 }
    }

    fn step(&mut self, step: Step) {
        self.now += 7;
        match step {
            Step::Admit { mut draft, own } => {
                let account = self.rig.account(key(draft.from));
                let next = self.rig.pool.next_sequence(&account);
                draft.sequence = (next + 1).saturating_sub(draft.sequence);
                self.admit(draft.check(), own);
            }
            Step::Again { which, own } if !self.seen.is_empty() => {
                self.admit(self.seen[which % self.seen.len()].clone(), own);
            }
            Step::Again { .. } => {}
            Step::Follow { person, by, balance } => {
                let before = self.rig.account(key(person));
                let sequence = before.sequence.saturating_add_signed(by);
                self.follow(Account { balance, sequence, ..before });
            }
            Step::Mine { bytes } => {
                let mut accounts = self.rig.accounts.clone();
                apply(&mut accounts, &self.rig.pool.select(bytes));
                accounts.into_values().for_each(|account| self.follow(account));
            }
            Step::Expire => {
                let expired = self.rig.pool.expire(self.now);
                assert_eq!(expired, self.model.expire(self.now));
                assert!(expired.iter().all(|txid| !self.own.contains(txid)));
            }
        }
    }

    fn admit(&mut self, checked: CheckedTransaction, own: bool) {
        self.seen.push(checked.clone());
        let (before, txid) = (self.rig.pool.clone(), checked.txid());
        let parked = self.model.parked();
        let expected = self.model.admit(Entry { checked: checked.clone(), own, since: self.now });
        match self.rig.admit(checked, own, self.now) {
            Ok(admission) => {
                let (mut evicted, replaced) = expected.unwrap();
                let mut found = admission.evicted.clone();
                evicted.sort_unstable();
                found.sort_unstable();
                assert_eq!((found, admission.replaced), (evicted, replaced));
                assert_eq!(admission.known, before.contains(&txid));
                let mut waiting: BTreeSet<Txid> = parked.into_iter().collect();
                waiting.extend(admission.parked);
                admission.resumed.iter().chain(&admission.replaced).for_each(|txid| {
                    waiting.remove(txid);
                });
                assert_eq!(waiting, self.model.parked().into_iter().collect());
                assert!(admission.evicted.iter().all(|txid| !self.own.contains(txid)));
                if let Some(replaced) = admission.replaced {
                    self.own.remove(&replaced);
                }
                if own {
                    self.own.insert(txid);
                }
            }
            Err(refusal) => {
                assert_eq!(refusal.code(), expected.unwrap_err());
                assert_eq!(self.rig.pool, before, "a refusal changes nothing");
            }
        }
    }

    fn follow(&mut self, account: Account) {
        self.rig.accounts.insert(account.key, account);
        let followed = self.rig.pool.follow([account]);
        let (settled, dropped) = self.model.follow(account);
        let sorted = |gone: &[PooledTransaction]| -> BTreeSet<Txid> {
            gone.iter().map(PooledTransaction::txid).collect()
        };
        assert_eq!(sorted(&followed.settled), settled.into_iter().collect());
        assert_eq!(sorted(&followed.dropped), dropped.into_iter().collect());
        assert!(followed.dropped.iter().all(|gone| !gone.is_own()));
        for gone in followed.settled {
            assert_eq!(gone.is_own(), self.own.remove(&gone.txid()));
        }
    }

    fn compare(&self) {
        let (pool, model) = (&self.rig.pool, &self.model);
        let offered: Vec<Txid> = model.offered().iter().map(Entry::txid).collect();
        assert_eq!(pool.txids().collect::<Vec<_>>(), offered);
        let parked: Vec<Txid> = pool.parked().map(PooledTransaction::txid).collect();
        assert_eq!(parked, model.parked());
        assert_eq!(pool.len(), model.entries.len());
        for entry in &model.entries {
            let pooled = pool.get(&entry.txid()).unwrap();
            assert_eq!((pooled.is_own(), pooled.since()), (entry.own, entry.since));
        }
        assert_eq!((pool.bytes(), pool.own_bytes()), (model.bytes(), model.own_bytes()));
        assert!(pool.bytes() <= LIMITS.bytes && pool.own_bytes() <= LIMITS.own_bytes);
        for person in 0..PEOPLE {
            let account = self.rig.account(key(person));
            let chain = self.rig.offered(person);
            let end = account.sequence + chain.len() as u64;
            assert_eq!(chain, (account.sequence..end).collect::<Vec<_>>(), "there is no gap");
            assert_eq!(pool.next_sequence(&account), end);
            assert!(chain.len() <= LIMITS.sender_transactions);
        }
        assert!(self.own.iter().all(|txid| pool.get(txid).is_some_and(|held| held.is_own())));
        for bytes in [0, 187, 188, 600, 1_000, 3_000, u64::MAX] {
            let selected = pool.select(bytes);
            let ids: Vec<Txid> = selected.iter().map(|pooled| pooled.txid()).collect();
            assert_eq!(ids, model.select(bytes));
            assert!(
                selected.iter().map(|pooled| pooled.transaction().weight()).sum::<u64>() <= bytes
            );
            apply(&mut self.rig.accounts.clone(), &selected);
        }
        let written = serde_json::to_string(pool).unwrap();
        assert_eq!(&serde_json::from_str::<Mempool>(&written).unwrap(), pool);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_pool_does_what_a_plain_list_does(steps in steps()) {
        let mut both = Both::new();
        for step in steps {
            both.step(step);
            both.compare();
        }
        prop_assert_eq!(both.rig.pool.check(&both.rig.spec), Ok(()));
    }
}
