//! Local transactions: what a person submitted to this node, until it stands deep in the best chain.
//!
//! Owns, for a ledger, what the outbox owns for lines: an entry of the stored outbox for each draft
//! and each transaction, with the ids it was signed as in the place of blocks' hashes. An entry is
//! never deleted: a settled one only leaves memory, and a reorganisation, however deep, brings it
//! back. One whose sequence another transaction has is *displaced*, and says by which.
//! Knows nothing of the pool, signs nothing and mines nothing.

mod load;
mod lookup;

use kusari_chain::ledger::{PublicKey, SignedTransaction, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::params::SETTLED_DEPTH;
use kusari_chain::{BlockHash, CheckedBlock, StoreResult};

pub(crate) use self::load::Loaded;
use crate::backlog::Backlog;
use crate::drafts::Draft;
use crate::interface::CommitId;
use crate::limits::MAX_FORMS;
use crate::prelude::*;
use crate::store::{EntryId, EntryState, OutboxStore, OutboxWrite};
use crate::wire::{Message, encode};

/// Where an entry that is in memory stands, by the best chain.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Waiting,
    /// In the block of this height.
    Mined(u32),
    /// Another transaction, in the block of this height or waiting since the tip had it, has its
    /// sequence.
    Displaced {
        by: Txid,
        height: u32,
    },
}

impl Place {
    fn height(self) -> Option<u32> {
        match self {
            Self::Mined(height) | Self::Displaced { height, .. } => Some(height),
            Self::Waiting => None,
        }
    }

    fn state(self, settled: bool) -> EntryState {
        match self {
            Self::Displaced { by, .. } => EntryState::Displaced { by, settled },
            Self::Mined(_) => EntryState::Mined { settled },
            Self::Waiting => EntryState::Waiting,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Open {
    sender: PublicKey,
    /// The sequence of its last form.
    sequence: Option<u64>,
    bytes: u64,
    /// Ids of the transactions it was signed as, oldest first; none for a draft.
    ids: Vec<Txid>,
    /// What is signed again where another transaction takes the sequence of the last form.
    draft: Option<Draft>,
    place: Place,
    /// Written as settled by a commit that is not durable yet: until it is, the store cannot find it.
    settling: bool,
}

impl Open {
    fn is_done(&self) -> bool {
        !self.settling && self.place != Place::Waiting
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct LocalTransactions {
    pub(crate) backlog: Backlog,
    open: BTreeMap<EntryId, Open>,
    by_txid: BTreeMap<Txid, EntryId>,
    /// Entries that are signed, by the sender and the sequence of their last form.
    places: BTreeSet<(PublicKey, u64, EntryId)>,
    /// Entries that are mined or displaced, each under the height at which it came about.
    done: BTreeSet<(u32, EntryId)>,
    /// Those that wait, but not in the pool, each with its sender.
    stranded: BTreeMap<Txid, PublicKey>,
    settling: VecDeque<(CommitId, EntryId)>,
    /// Entries that are displaced, in memory or in the store.
    displaced: u64,
}

/// What became of an entry whose sequence another transaction has.
pub(crate) enum Displaced {
    /// The entry can't be mined while the other one stands.
    ForGood,
    /// The entry's draft is signed again, under the next sequence.
    Again(EntryId, Draft),
}

impl LocalTransactions {
    /// Entries that wait to be mined, in memory or in the store.
    pub(crate) fn waiting(&self) -> u64 {
        self.backlog.waiting()
    }

    /// Entries that another transaction displaced.
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced
    }

    fn find(&self, txid: &Txid) -> Option<(EntryId, &Open)> {
        let id = self.by_txid.get(txid)?;
        Some((*id, self.open.get(id)?))
    }

    /// Takes an entry into memory.
    fn add(&mut self, id: EntryId, open: Open) {
        self.by_txid.extend(open.ids.iter().map(|txid| (*txid, id)));
        self.places.extend(open.sequence.map(|sequence| (open.sender, sequence, id)));
        self.open.insert(id, open);
    }

    fn forget(&mut self, id: EntryId) {
        let Some(open) = self.open.remove(&id) else { return };
        for txid in &open.ids {
            self.by_txid.remove(txid);
        }
        open.sequence.map(|sequence| self.places.remove(&(open.sender, sequence, id)));
    }

    /// Whether it is the last form of an entry that waits.
    pub(crate) fn is_waiting(&self, txid: &Txid) -> bool {
        self.find(txid)
            .is_some_and(|(_, open)| open.place == Place::Waiting && open.ids.last() == Some(txid))
    }

    /// Whether it does not contradict itself: it may come from a stranger's file.
    pub(crate) fn is_sound(&self) -> bool {
        let done = self.open.iter().filter(|(_, open)| open.is_done());
        let done = done.filter_map(|(id, open)| Some((open.place.height()?, *id)));
        let named =
            self.open.iter().flat_map(|(id, open)| open.ids.iter().map(|txid| (*txid, *id)));
        let placed =
            self.open.iter().filter_map(|(id, open)| Some((open.sender, open.sequence?, *id)));
        let waiting = self.open.values().filter(|open| open.place == Place::Waiting);
        self.backlog.is_sound(waiting.map(|open| open.bytes))
            && done.collect::<BTreeSet<_>>() == self.done
            && named.collect::<BTreeMap<_, _>>() == self.by_txid
            && placed.collect::<BTreeSet<_>>() == self.places
            && self.stranded.keys().all(|txid| self.is_waiting(txid))
            && self.settling.iter().all(|(_, id)| self.open.get(id).is_some_and(|o| o.settling))
    }

    /// The pool does not hold it, though it waits. Nothing happens where it is not ours or does not.
    pub(crate) fn strand(&mut self, txid: Txid) {
        if self.is_waiting(&txid)
            && let Some(sender) = self.find(&txid).map(|(_, open)| open.sender)
        {
            self.stranded.insert(txid, sender);
        }
    }

    /// The pool holds it again.
    pub(crate) fn unstrand(&mut self, txid: &Txid) {
        self.stranded.remove(txid);
    }

    pub(crate) fn has_stranded(&self) -> bool {
        !self.stranded.is_empty()
    }

    pub(crate) fn contains(&self, txid: &Txid) -> bool {
        self.by_txid.contains_key(txid)
    }

    /// Whether nothing was ever submitted to this node.
    pub(crate) fn is_unused(&self) -> bool {
        self.backlog.is_unused()
    }

    /// Whether a transaction that was signed elsewhere may wait, or does already.
    pub(crate) fn has_room_for(&self, transaction: &CheckedTransaction) -> bool {
        self.contains(&transaction.txid())
            || self.backlog.has_room(transaction.transaction().weight())
    }

    /// Adds a draft, written by this commit. Returns whether it is in memory.
    pub(crate) fn insert_draft(
        &mut self,
        draft: Draft,
        commit: CommitId,
    ) -> (EntryId, bool, OutboxWrite) {
        let (bytes, sender) = (draft.weight(), draft.account);
        let (id, held) = self.backlog.insert(bytes, commit);
        if held {
            let draft = Some(draft.clone());
            let (ids, sequence, place) = (Vec::new(), None, Place::Waiting);
            let open = Open { sender, sequence, bytes, ids, draft, place, settling: false };
            self.add(id, open);
        }
        (id, held, OutboxWrite::Insert { id, text: String::new(), draft: Some(draft) })
    }

    /// Adds a transaction that was signed elsewhere; the caller has the writes committed before it
    /// acknowledges anything.
    pub(crate) fn insert(&mut self, transaction: &CheckedTransaction) -> [OutboxWrite; 2] {
        let (txid, text) = (transaction.txid(), line_of(transaction));
        let bytes = text.len() as u64;
        let id = self.backlog.insert_held(bytes);
        let SignedTransaction { sender, sequence, .. } = *transaction.transaction();
        let (sequence, ids, place) = (Some(sequence), vec![txid], Place::Waiting);
        let open = Open { sender, sequence, bytes, ids, draft: None, place, settling: false };
        self.add(id, open);
        let insert = OutboxWrite::Insert { id, text: String::new(), draft: None };
        [insert, OutboxWrite::Signed { id, text, txid }]
    }

    /// A draft became this transaction.
    pub(crate) fn signed(
        &mut self,
        id: EntryId,
        transaction: &CheckedTransaction,
    ) -> Option<OutboxWrite> {
        let txid = transaction.txid();
        let open = self.open.get_mut(&id)?;
        let sequence = transaction.transaction().sequence;
        if let Some(former) = open.sequence.replace(sequence) {
            self.places.remove(&(open.sender, former, id));
        }
        self.places.insert((open.sender, sequence, id));
        open.ids.push(txid);
        self.by_txid.insert(txid, id);
        Some(OutboxWrite::Signed { id, text: line_of(transaction), txid })
    }

    fn set_place(&mut self, id: EntryId, place: Place, writes: &mut Vec<OutboxWrite>) {
        let Some(open) = self.open.get_mut(&id) else { return };
        let (former, settling) = (open.place, open.settling);
        if former == place && !settling {
            return;
        }
        (open.place, open.settling) = (place, false);
        let (bytes, last) = (open.bytes, open.ids.last().copied());
        if settling {
            self.settling.retain(|(_, settling)| *settling != id);
        }
        former.height().map(|height| self.done.remove(&(height, id)));
        self.done.extend(place.height().map(|height| (height, id)));
        let is_displaced = |place| u64::from(matches!(place, Place::Displaced { .. }));
        self.displaced =
            (self.displaced + is_displaced(place)).saturating_sub(is_displaced(former));
        match (former, place) {
            (Place::Waiting, _) => {
                self.backlog.waits_no_more(bytes);
                last.map(|txid| self.stranded.remove(&txid));
            }
            (_, Place::Waiting) => self.backlog.waits_again(bytes),
            _ => {}
        }
        writes.push(OutboxWrite::SetState { id, state: place.state(false) });
    }

    /// The transaction stands in the best chain at this height. Returns whether it is ours, and the
    /// later form of the same entry that is no longer to be mined, if there is one.
    pub(crate) fn set_mined(
        &mut self,
        txid: &Txid,
        height: u32,
        writes: &mut Vec<OutboxWrite>,
    ) -> Option<(EntryId, Option<Txid>)> {
        let (id, open) = self.find(txid)?;
        let later = open.ids.last().copied().filter(|last| last != txid);
        self.set_place(id, Place::Mined(height), writes);
        Some((id, later))
    }

    /// The transaction waits again.
    pub(crate) fn set_waiting(&mut self, txid: &Txid, writes: &mut Vec<OutboxWrite>) {
        if let Some((id, _)) = self.find(txid) {
            self.set_place(id, Place::Waiting, writes);
        }
    }

    /// Another transaction has its sequence, at this height.
    pub(crate) fn displace(
        &mut self,
        txid: &Txid,
        by: Txid,
        height: u32,
        writes: &mut Vec<OutboxWrite>,
    ) -> Option<Displaced> {
        // A form that is no longer offered says nothing of the entry.
        if !self.is_waiting(txid) {
            return None;
        }
        let (id, open) = self.find(txid)?;
        let again = open.draft.as_ref();
        let again = again.filter(|draft| draft.is_record() && open.ids.len() < MAX_FORMS);
        // The person had the other one take its place.
        let is_ours = self.by_txid.contains_key(&by);
        let Some(draft) = again.filter(|_| !is_ours).cloned() else {
            self.set_place(id, Place::Displaced { by, height }, writes);
            return Some(Displaced::ForGood);
        };
        self.set_place(id, Place::Waiting, writes);
        self.stranded.remove(txid);
        Some(Displaced::Again(id, draft))
    }

    /// Settles what is deep enough below the tip, with this commit.
    pub(crate) fn settle(
        &mut self,
        tip_height: u32,
        commit: CommitId,
        writes: &mut Vec<OutboxWrite>,
    ) {
        while let Some(&(height, id)) = self.done.first() {
            if tip_height.saturating_sub(height) + 1 < SETTLED_DEPTH {
                break;
            }
            self.done.remove(&(height, id));
            if let Some(open) = self.open.get_mut(&id) {
                writes.push(OutboxWrite::SetState { id, state: open.place.state(true) });
                open.settling = true;
                self.settling.push_back((commit, id));
            }
        }
    }

    /// The payload of a transaction is erased: what must be written so that its entry, if it is one
    /// of ours, keeps the text no longer. While it waits it keeps it, or it could not be mined.
    pub(crate) fn erase(
        &mut self,
        txid: &Txid,
        store: &dyn OutboxStore,
    ) -> StoreResult<Vec<OutboxWrite>> {
        if self.is_unused() || self.is_waiting(txid) {
            return Ok(Vec::new());
        }
        let Some((id, open)) = self.find(txid) else {
            let entry = store.entry_of_block(&BlockHash(txid.0))?;
            return Ok(entry
                .map(|entry| OutboxWrite::EraseText { id: entry.id })
                .into_iter()
                .collect());
        };
        // Whatever becomes of its block, there is nothing left to mine again.
        let state = open.place.state(true);
        let height = open.place.height();
        height.map(|height| self.done.remove(&(height, id)));
        self.settling.retain(|(_, settling)| *settling != id);
        self.forget(id);
        Ok(vec![OutboxWrite::EraseText { id }, OutboxWrite::SetState { id, state }])
    }

    /// Leaves to the store drafts that wait beyond the bound of memory. What is signed stays: the
    /// pool holds it, within bounds of its own.
    pub(crate) fn put_off_drafts(&mut self, commit: CommitId) -> Vec<EntryId> {
        let mut put_off = Vec::new();
        while self.backlog.holds_too_much() {
            let mut drafts = self.open.iter().rev();
            let draft = drafts.find(|(_, open)| open.ids.is_empty());
            let Some((id, bytes)) = draft.map(|(id, open)| (*id, open.bytes)) else { break };
            self.backlog.put_off(id, bytes, commit);
            self.forget(id);
            put_off.push(id);
        }
        put_off
    }

    /// Every commit up to `through` is durable: settled entries leave memory.
    pub(crate) fn committed(&mut self, through: CommitId) {
        self.backlog.committed(through);
        while self.settling.front().is_some_and(|&(commit, _)| commit <= through) {
            if let Some((_, id)) = self.settling.pop_front() {
                self.forget(id);
            }
        }
    }
}

/// The line that carries a transaction, without its newline.
fn line_of(transaction: &CheckedTransaction) -> String {
    let message: Message<CheckedBlock> = Message::Transaction(transaction.clone().into());
    let mut line = encode(&message);
    line.pop();
    // A line is text.
    String::from_utf8(line).unwrap_or_default()
}
