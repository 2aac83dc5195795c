//! Drafts on their way into the pool.
//!
//! Owns what may be drafted, which sequence and balance the next ones get, and what becomes of one
//! once it is signed.

use kusari_chain::ledger::{Payload, Salt, Signature, Txid};
use kusari_chain::mempool::{CheckedTransaction, PoolRefusal, check_chain_bounds};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{Chain, StoreResult};

use super::{Basis, Moved, Transactions};
use crate::drafts::{Draft, DraftContent, DraftToSign};
use crate::interface::{CommitId, RequestId, SubmitRefusal};
use crate::local_transactions::{Loaded, LocalTransactions};
use crate::predecessors::Predecessors;
use crate::prelude::*;
use crate::store::{EntryId, OutboxWrite};

/// What a signed draft brought about.
pub(crate) struct Signed {
    pub(crate) moved: Moved,
    /// The id of the transaction that it was before, where it was signed again.
    pub(crate) former: Option<Txid>,
    /// Who is to be answered.
    pub(crate) request: Option<RequestId>,
}

impl Transactions {
    /// Takes into memory at the start what is signed, predecessors of it, and the first of what is not.
    pub(super) fn open_own(
        &mut self,
        signed: Vec<Loaded>,
        basis: Basis,
        moved: &mut Moved,
    ) -> StoreResult {
        let own = &self.local;
        self.predecessors = Predecessors::open(basis.store, |sender| own.last_sequence(sender))?;
        let mut loaded: Vec<Loaded> =
            self.predecessors.iter().cloned().map(Loaded::Signed).collect();
        loaded.extend(signed);
        self.take_loaded(loaded, basis, moved)?;
        self.load_waiting(basis, moved)?;
        // Of others nothing waits yet.
        moved.pool.clear();
        Ok(())
    }

    /// Takes what waits in the store into memory, where there is room.
    pub(crate) fn load_waiting(&mut self, basis: Basis, moved: &mut Moved) -> StoreResult {
        let loaded = self.local.load_waiting(basis.store, &mut moved.outbox)?;
        self.take_loaded(loaded, basis, moved)
    }

    /// Takes drafts into their queue and transactions into the pool.
    pub(super) fn take_loaded(
        &mut self,
        loaded: Vec<Loaded>,
        basis: Basis,
        moved: &mut Moved,
    ) -> StoreResult {
        let (mut signed, mut touched) = (Vec::new(), BTreeSet::new());
        for loaded in loaded {
            match loaded {
                Loaded::Draft(entry, draft) => self.drafts.insert(entry, draft),
                Loaded::Signed(checked) => signed.push(checked),
            }
        }
        signed.sort_by_key(|checked| checked.transaction().sequence);
        for checked in signed {
            self.admit_again(checked, true, basis, moved, &mut touched)?;
        }
        moved.pool.extend(self.writes(&touched));
        Ok(())
    }

    /// Whether a draft may wait here.
    pub(crate) fn check_draft(
        &self,
        draft: &Draft,
        chain: &Chain,
    ) -> StoreResult<Result<(), SubmitRefusal>> {
        let Some(spec) = chain.spec() else { return Ok(Ok(())) };
        if self.drafts.wallet().is_none_or(|wallet| wallet.key != draft.account) {
            return Ok(Err(SubmitRefusal::OtherAccount));
        }
        if matches!(&draft.content, DraftContent::Record(text) if text.is_empty()) {
            return Ok(Err(SubmitRefusal::Empty));
        }
        if !self.local.backlog.has_room(draft.weight()) {
            return Ok(Err(SubmitRefusal::OutboxFull { waiting: self.local.waiting() }));
        }
        let payload = draft.text().map(|text| Payload { salt: Salt::ZERO, data: text.into() });
        let unsigned = draft.unsigned(0, payload.as_ref()).signed(Signature([0; 64]));
        if let Err(refusal) = check_chain_bounds(&unsigned, spec) {
            return Ok(Err(refusal.into()));
        }
        // Before this node knows what its peers know, a balance says nothing.
        if self.drafts.wait_of(&draft.account).is_none() {
            let account = chain.account(&draft.account)?;
            let balance = self.pool.balance(&account);
            let cost = draft.cost().unwrap_or(u64::MAX);
            if cost > balance {
                let overdraft = TransactionViolation::Overdraft { cost, balance };
                return Ok(Err(PoolRefusal::from(overdraft).into()));
            }
        }
        Ok(Ok(()))
    }

    /// Adds a draft, written by this commit.
    pub(crate) fn insert_draft(
        &mut self,
        draft: Draft,
        commit: CommitId,
    ) -> (EntryId, bool, OutboxWrite) {
        let (id, held, write) = self.local.insert_draft(draft.clone(), commit);
        if held {
            self.drafts.insert(id, draft);
        }
        (id, held, write)
    }

    /// What the driver is to sign now.
    pub(crate) fn drafts_to_sign(&mut self, chain: &Chain) -> StoreResult<Vec<DraftToSign>> {
        let Some(wallet) = self.drafts.wallet().filter(|_| self.drafts.is_ready()) else {
            return Ok(Vec::new());
        };
        let account = chain.account(&wallet.key)?;
        let (next, balance) = (self.pool.next_sequence(&account), self.pool.balance(&account));
        // What waits under a later sequence and is not in the pool keeps it.
        let most = self.local.first_waiting(&wallet.key, next).map_or(u64::MAX, |used| used - next);
        Ok(self.drafts.take_to_sign(next, most, balance))
    }

    /// The driver signed a draft. `None` where nobody asked for it.
    pub(crate) fn draft_signed(
        &mut self,
        entry: EntryId,
        checked: CheckedTransaction,
        commit: CommitId,
        chain: &Chain,
        now: u64,
    ) -> StoreResult<Option<Result<Signed, PoolRefusal>>> {
        if !self.drafts.is_asked(entry, &checked) {
            return Ok(None);
        }
        let insert =
            |own: &mut LocalTransactions| own.signed(entry, &checked).into_iter().collect();
        let moved = match self.admit_new(&checked, commit, chain, now, insert)? {
            Ok((_, moved)) => moved,
            Err(refusal) => {
                self.drafts.put_back(entry);
                return Ok(Some(Err(refusal)));
            }
        };
        let former = self.local.entry_of(&checked.txid()).and_then(|(_, former)| former);
        let request = self.drafts.take_request(entry);
        self.drafts.remove(entry);
        Ok(Some(Ok(Signed { moved, former, request })))
    }
}
