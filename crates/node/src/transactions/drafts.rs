//! Drafts on their way into the pool.
//!
//! Owns what may be drafted, which sequence and balance the next ones get, and what becomes of one
//! once it is signed.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use kusari_chain::ledger::{Payload, Salt, Signature, Txid};
use kusari_chain::mempool::{CheckedTransaction, PoolRefusal, check_chain_bounds};
use kusari_chain::rules::TransactionViolation;
use kusari_chain::{Chain, StoreError};

use super::{Moved, Transactions, touched};
use crate::drafts::{Draft, DraftContent, DraftToSign};
use crate::own::Loaded;
use crate::seam::{CommitId, RequestId, SubmitRefusal};
use crate::store::{EntryId, OutboxStore, OutboxWrite};

/// What a signed draft brought about.
pub(crate) struct Signed {
    pub(crate) moved: Moved,
    /// The id of the transaction that it was before, where it was signed again.
    pub(crate) former: Option<Txid>,
    /// Who is to be answered.
    pub(crate) request: Option<RequestId>,
}

impl Transactions {
    /// Takes what waits in the store into memory, where there is room.
    pub(crate) fn load_waiting(
        &mut self,
        at: (&Chain, &dyn OutboxStore, u64),
        moved: &mut Moved,
    ) -> Result<(), StoreError> {
        let loaded = self.own.load_waiting(at.1, &mut moved.outbox)?;
        self.take_loaded(loaded, at, moved)
    }

    /// Takes drafts into their queue and transactions into the pool.
    pub(super) fn take_loaded(
        &mut self,
        loaded: Vec<Loaded>,
        at: (&Chain, &dyn OutboxStore, u64),
        moved: &mut Moved,
    ) -> Result<(), StoreError> {
        let (mut signed, mut touched) = (Vec::new(), BTreeSet::new());
        for loaded in loaded {
            match loaded {
                Loaded::Draft(entry, draft) => self.drafts.insert(entry, draft),
                Loaded::Signed(checked) => signed.push(checked),
            }
        }
        signed.sort_by_key(|checked| checked.transaction().sequence);
        for checked in signed {
            self.admit_again((checked, true), at, moved, &mut touched)?;
        }
        moved.pool.extend(self.writes(&touched));
        Ok(())
    }

    /// Whether a draft may wait here.
    pub(crate) fn check_draft(
        &self,
        draft: &Draft,
        chain: &Chain,
    ) -> Result<Result<(), SubmitRefusal>, StoreError> {
        let Some(spec) = chain.spec() else { return Ok(Ok(())) };
        if self.drafts.wallet().is_none_or(|wallet| wallet.key != draft.account) {
            return Ok(Err(SubmitRefusal::OtherAccount));
        }
        if matches!(&draft.content, DraftContent::Record(text) if text.is_empty()) {
            return Ok(Err(SubmitRefusal::Empty));
        }
        if !self.own.backlog.has_room(draft.weight()) {
            return Ok(Err(SubmitRefusal::OutboxFull { waiting: self.own.waiting() }));
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
        let (id, held, write) = self.own.insert_draft(draft.clone(), commit);
        if held {
            self.drafts.insert(id, draft);
        }
        (id, held, write)
    }

    /// What the driver is to sign now.
    pub(crate) fn drafts_to_sign(&mut self, chain: &Chain) -> Result<Vec<DraftToSign>, StoreError> {
        let Some(wallet) = self.drafts.wallet().filter(|_| self.drafts.is_ready()) else {
            return Ok(Vec::new());
        };
        let account = chain.account(&wallet.key)?;
        let (next, balance) = (self.pool.next_sequence(&account), self.pool.balance(&account));
        Ok(self.drafts.to_sign(next, balance))
    }

    /// The driver signed a draft. `None` where nobody asked for it.
    pub(crate) fn draft_signed(
        &mut self,
        entry: EntryId,
        checked: CheckedTransaction,
        commit: CommitId,
        chain: &Chain,
        now: u64,
    ) -> Result<Option<Result<Signed, PoolRefusal>>, StoreError> {
        if !self.drafts.is_asked(entry, &checked) {
            return Ok(None);
        }
        let txid = checked.txid();
        let admission = match self.admit(checked.clone(), chain, true, now)? {
            Ok(admission) => admission,
            Err(refusal) => {
                self.drafts.put_back(entry);
                return Ok(Some(Err(refusal)));
            }
        };
        let mut moved = Moved::default();
        moved.outbox.extend(self.own.signed(entry, &checked));
        let former = self.own.entry_of(&txid).and_then(|(_, former)| former);
        let mut touched = touched(&admission);
        touched.insert(txid);
        if let Some(replaced) = admission.replaced {
            self.own.strand(replaced, checked.transaction().sender);
        }
        moved.pool = self.writes(&touched);
        let request = self.drafts.take_request(entry);
        self.drafts.remove(entry);
        Ok(Some(Ok(Signed { moved, former, request })))
    }
}
