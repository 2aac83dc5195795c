//! Drafts: taken from people, given out to be signed, and what follows once they are.
//!
//! Owns when each of these is; the queue itself is [`crate::drafts`]'s.

use kusari_chain::StoreResult;

use super::Node;
use crate::drafts::{Draft, SigningAccount};
use crate::event::Event;
use crate::interface::{
    Action, Direction, Drafted, PeerId, Reply, RequestId, SignedDraft, SubmitRefusal,
};
use crate::transactions::{Basis, Moved, Signed};

impl Node {
    /// Takes a draft. Answered once it is signed, where that is possible now, or else once it is
    /// durable, with what it waits for.
    pub(super) fn take_draft(&mut self, request: RequestId, draft: Draft) -> StoreResult {
        let commit = self.commit_in_progress();
        let Some(transactions) = &mut self.transactions else {
            self.reply(request, Reply::Drafted(Err(SubmitRefusal::NoLedger)));
            return Ok(());
        };
        let verdict = match self.storage.is_full() {
            true => Err(SubmitRefusal::StoreFull),
            false => transactions.check_draft(&draft, &self.chain)?,
        };
        if let Err(refusal) = verdict {
            self.reply(request, Reply::Drafted(Err(refusal)));
            return Ok(());
        }
        let wait = transactions.drafts.wait_of(&draft.account);
        let (entry, held, write) = transactions.insert_draft(draft, commit);
        self.batch.outbox.push(write);
        if held && wait.is_none() {
            transactions.drafts.answer_when_signed(entry, request);
        } else {
            let drafted = Drafted { entry, txid: None, wait };
            self.then.push(Action::Reply(request, Reply::Drafted(Ok(drafted))));
        }
        Ok(())
    }

    /// The driver signs for this account from now on.
    pub(super) fn wallet_changed(&mut self, wallet: Option<SigningAccount>) {
        if let Some(transactions) = &mut self.transactions {
            transactions.drafts.set_wallet(wallet);
        }
    }

    /// A peer of this chain introduced itself.
    pub(super) fn note_company(&mut self) {
        if let Some(transactions) = &mut self.transactions
            && !transactions.drafts.has_met_peer()
        {
            transactions.drafts.meet_peer();
            self.batch.met_peer = true;
        }
    }

    /// Looks whether this node knows what a peer knows. Where peers are configured, those that this
    /// node did not dial do not count: any of them may be a stranger with an empty store.
    fn listen_for_company(&mut self) {
        let Some(transactions) = &mut self.transactions else { return };
        if !transactions.drafts.wants_company() || self.catching_up {
            return;
        }
        let (work, dialled_only) = (self.chain.tip().work, !self.config.connect.is_empty());
        let caught_up = self.peers.iter().any(|(id, peer)| {
            peer.is_introduced()
                && (!dialled_only || matches!(peer.direction, Direction::Outbound(_)))
                && self.sync.claim_of(id).is_some_and(|claim| claim.work <= work)
        });
        if caught_up {
            transactions.drafts.hear_company();
        }
    }

    /// Takes what waits in the store into memory, and has drafts signed.
    pub(super) fn work_off_outbox(&mut self) -> StoreResult {
        let store = self.outbox_store.as_ref();
        let Some(transactions) = &mut self.transactions else {
            let writes = self.outbox.load_waiting(store, &self.chain)?;
            self.batch.outbox.extend(writes);
            return Ok(());
        };
        let mut moved = Moved::default();
        let basis = Basis { chain: &self.chain, store, now: self.wall };
        transactions.load_waiting(basis, &mut moved)?;
        self.note_moved(moved);
        self.listen_for_company();
        let Some(transactions) = &mut self.transactions else { return Ok(()) };
        let drafts = transactions.drafts_to_sign(&self.chain)?;
        if !drafts.is_empty() {
            self.actions.push(Action::SignDrafts(drafts));
        }
        self.tell_of_waiting_drafts();
        Ok(())
    }

    /// Says what drafts wait for, when that changes, and answers those who wait for a signature that
    /// does not come.
    fn tell_of_waiting_drafts(&mut self) {
        let Some(transactions) = &mut self.transactions else { return };
        let (wait, drafts) = (transactions.drafts.wait(), &mut transactions.drafts);
        for (entry, request, wait) in drafts.take_requests_in_vain() {
            let drafted = Drafted { entry, txid: None, wait: Some(wait) };
            self.then.push(Action::Reply(request, Reply::Drafted(Ok(drafted))));
        }
        if drafts.is_news(wait)
            && let Some(wait) = wait
        {
            let drafts = drafts.len();
            self.then.push(Action::Notify(Event::DraftsWait { drafts, wait }));
        }
    }

    /// The driver signed what it was asked to.
    pub(super) fn drafts_signed(&mut self, signed: alloc::vec::Vec<SignedDraft>) -> StoreResult {
        for SignedDraft { entry, transaction } in signed {
            let txid = transaction.0.txid();
            let commit = self.commit_in_progress();
            let Some(transactions) = &mut self.transactions else { return Ok(()) };
            match transactions.draft_signed(entry, transaction.0, commit, &self.chain, self.wall)? {
                None => {}
                Some(Err(refusal)) => self.note_transaction_refused(txid, None::<PeerId>, &refusal),
                Some(Ok(Signed { moved, former, request })) => {
                    transactions.pass_on(txid, None);
                    self.note_moved(moved);
                    let reply = Reply::Drafted(Ok(Drafted { entry, txid: Some(txid), wait: None }));
                    self.then.extend(request.map(|request| Action::Reply(request, reply)));
                    let event = Event::DraftSigned { entry, txid, former };
                    self.then.push(Action::Notify(event));
                    let pooled = self.note_pooled(txid, None, alloc::vec::Vec::new());
                    self.then.push(pooled);
                }
            }
        }
        if let Some(transactions) = &mut self.transactions {
            transactions.drafts.answered();
        }
        Ok(())
    }
}
