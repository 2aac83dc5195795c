//! Drafts: what a person submitted to this node before it was signed.
//!
//! Nobody signs blindly: two machines with the same wallet would give one sequence out twice, and
//! one of the two transactions could never be mined. So a draft waits until this node knows what its
//! peers know, or is told that there are none; then it gets the next sequence of its account, and
//! the driver signs it.
//!
//! Owns the queue of drafts in memory, and what it waits for. Knows no keys, pool or store.

use borsh::{BorshDeserialize, BorshSerialize};
use kusari_chain::ledger::{Payload, PublicKey, UnsignedTransaction};
use kusari_chain::mempool::CheckedTransaction;

use crate::interface::RequestId;
use crate::limits::MAX_SIGNED_AT_ONCE;
use crate::prelude::*;
use crate::store::EntryId;

/// What a person wants signed by an account of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Who signs, and pays.
    pub account: PublicKey,
    /// What the miner gets, in whole units.
    pub fee: u64,
    /// What is said or paid.
    pub content: DraftContent,
}

/// What a draft says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, BorshSerialize, BorshDeserialize)]
#[serde(rename_all = "snake_case")]
pub enum DraftContent {
    /// A text is recorded.
    Record(String),
    /// An account is paid.
    Transfer {
        /// Who is paid.
        to: PublicKey,
        /// How much, in whole units.
        amount: u64,
        /// A text that goes with it.
        note: Option<String>,
    },
}

impl Draft {
    /// The text that goes into the payload.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            DraftContent::Record(text) => Some(text),
            DraftContent::Transfer { note, .. } => note.as_deref(),
        }
    }

    /// Bytes of its text, which is what it counts for while it waits.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.text().map_or(0, |text| text.len() as u64)
    }

    /// Whether a text is recorded and nothing paid to an account: only then it is signed again where
    /// its sequence is taken. Who pays must never pay twice.
    #[must_use]
    pub fn is_record(&self) -> bool {
        matches!(self.content, DraftContent::Record(_))
    }

    /// What the account's balance must hold, in whole units; `None` where no number can say it.
    #[must_use]
    pub fn cost(&self) -> Option<u64> {
        match self.content {
            DraftContent::Record(_) => Some(self.fee),
            DraftContent::Transfer { amount, .. } => amount.checked_add(self.fee),
        }
    }

    /// The transaction that it becomes under this sequence, before it is signed. `payload` carries
    /// [`Draft::text`], where there is one.
    #[must_use]
    pub fn unsigned(&self, sequence: u64, payload: Option<&Payload>) -> UnsignedTransaction {
        let (to, amount) = match self.content {
            DraftContent::Record(_) => (self.account, 0),
            DraftContent::Transfer { to, amount, .. } => (to, amount),
        };
        UnsignedTransaction::transfer(self.account, to, amount, sequence, self.fee, payload)
    }

    /// Whether the transaction is this draft, signed under that sequence.
    #[must_use]
    pub fn is_signed_as(&self, sequence: u64, checked: &CheckedTransaction) -> bool {
        self.unsigned(sequence, checked.payload()) == checked.transaction().unsigned()
            && checked.payload().map(|payload| payload.data.as_str()) == self.text()
    }
}

/// The account that this node's driver signs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningAccount {
    /// Its public key.
    pub key: PublicKey,
    /// Whether its private key is at hand, or a passphrase is needed first.
    pub unlocked: bool,
}

/// What a draft waits for before it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DraftWait {
    /// For a peer to catch up with, since others may know more of the account.
    Peer,
    /// For the wallet to be unlocked.
    Unlock,
    /// For a wallet with the draft's account: this node has another one, or none.
    Account,
    /// For room among the account's waiting transactions, or a higher balance.
    Turn,
}

/// A draft that the driver is asked to sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftToSign {
    /// The outbox entry.
    pub entry: EntryId,
    /// The sequence that the transaction gets.
    pub sequence: u64,
    /// The draft.
    pub draft: Draft,
}

/// Whether others may use an account of this node as well, and whether this node would know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Company {
    /// Peers are configured.
    pub(crate) configured: bool,
    /// A peer of this chain introduced itself once, in this run or before.
    pub(crate) met: bool,
    /// This node caught up with a peer since its start, or the person said that there is none.
    pub(crate) heard: bool,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Drafts {
    waiting: BTreeMap<EntryId, Draft>,
    /// What the driver is signing, each with its sequence.
    asked: BTreeMap<EntryId, u64>,
    /// Drafts that the pool or the balance is against, until something changes.
    put_back: BTreeSet<EntryId>,
    /// Who is answered once the draft is signed.
    requests: BTreeMap<EntryId, RequestId>,
    wallet: Option<SigningAccount>,
    company: Company,
    /// What the person was told last that drafts wait for.
    told: Option<DraftWait>,
}

impl Drafts {
    pub(crate) fn new(company: Company) -> Self {
        Self { company, ..Self::default() }
    }

    pub(crate) fn has_met_peer(&self) -> bool {
        self.company.met
    }

    /// A peer of this chain introduced itself for the first time.
    pub(crate) fn meet_peer(&mut self) {
        self.company.met = true;
    }

    /// Whether it matters to catch up with a peer.
    pub(crate) fn wants_company(&self) -> bool {
        (self.company.configured || self.company.met) && !self.company.heard
    }

    /// This node caught up with a peer.
    pub(crate) fn hear_company(&mut self) {
        self.company.heard = true;
    }

    /// Whether the person was told something else last.
    pub(crate) fn is_news(&mut self, wait: Option<DraftWait>) -> bool {
        core::mem::replace(&mut self.told, wait) != wait
    }

    pub(crate) fn insert(&mut self, id: EntryId, draft: Draft) {
        self.waiting.insert(id, draft);
    }

    /// The draft leaves memory, or is mined in an earlier form.
    pub(crate) fn remove(&mut self, id: EntryId) {
        self.waiting.remove(&id);
        self.asked.remove(&id);
        self.put_back.remove(&id);
        self.requests.remove(&id);
    }

    /// The draft waits in the store alone. Whoever waits for its signature is still to be answered.
    pub(crate) fn put_off(&mut self, id: EntryId) {
        let request = self.requests.get(&id).copied();
        self.remove(id);
        self.requests.extend(request.map(|request| (id, request)));
    }

    pub(crate) fn set_wallet(&mut self, wallet: Option<SigningAccount>) {
        self.wallet = wallet;
        self.asked.clear();
    }

    pub(crate) fn wallet(&self) -> Option<SigningAccount> {
        self.wallet
    }

    /// The command is answered once the draft is signed and durable.
    pub(crate) fn answer_when_signed(&mut self, id: EntryId, request: RequestId) {
        self.requests.insert(id, request);
    }

    /// Who is to be answered about the draft.
    pub(crate) fn take_request(&mut self, id: EntryId) -> Option<RequestId> {
        self.requests.remove(&id)
    }

    /// Those who would be answered when drafts are signed, which does not happen now, and why.
    pub(crate) fn take_requests_in_vain(&mut self) -> Vec<(EntryId, RequestId, DraftWait)> {
        let mut in_vain = Vec::new();
        let requests = core::mem::take(&mut self.requests);
        for (id, request) in requests {
            let draft = self.waiting.get(&id);
            let turn = (draft.is_none() || self.put_back.contains(&id)).then_some(DraftWait::Turn);
            match draft.and_then(|draft| self.wait_of(&draft.account)).or(turn) {
                Some(wait) => in_vain.push((id, request, wait)),
                None => drop(self.requests.insert(id, request)),
            }
        }
        in_vain
    }

    /// What any draft of this account waits for; `None` where it is signed next.
    pub(crate) fn wait_of(&self, account: &PublicKey) -> Option<DraftWait> {
        let wallet = self.wallet.filter(|wallet| wallet.key == *account);
        match wallet {
            None => Some(DraftWait::Account),
            Some(_) if self.wants_company() => Some(DraftWait::Peer),
            Some(SigningAccount { unlocked: false, .. }) => Some(DraftWait::Unlock),
            Some(_) => None,
        }
    }

    /// What the oldest draft waits for. `None` where there is none, or it is signed next.
    pub(crate) fn wait(&self) -> Option<DraftWait> {
        let (id, draft) = self.waiting.first_key_value()?;
        let turn = self.put_back.contains(id).then_some(DraftWait::Turn);
        self.wait_of(&draft.account).or(turn)
    }

    /// Drafts in memory.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Something changed that the pool or a balance rests on.
    pub(crate) fn try_again(&mut self) {
        self.put_back.clear();
    }

    /// Whether [`Drafts::take_to_sign`] may have something.
    pub(crate) fn is_ready(&self) -> bool {
        self.asked.is_empty()
            && self.put_back.len() < self.waiting.len()
            && self.wallet.is_some_and(|wallet| self.wait_of(&wallet.key).is_none())
    }

    /// What the driver is to sign now, oldest first: at most so many drafts of its account, with
    /// sequences from `next` on, as far as the balance goes.
    pub(crate) fn take_to_sign(
        &mut self,
        next: u64,
        most: u64,
        mut balance: u64,
    ) -> Vec<DraftToSign> {
        let Some(wallet) = self.wallet else { return Vec::new() };
        if most == 0 {
            self.put_back.extend(self.waiting.keys());
        }
        let most = usize::try_from(most).unwrap_or(MAX_SIGNED_AT_ONCE).min(MAX_SIGNED_AT_ONCE);
        let mut chosen: Vec<DraftToSign> = Vec::new();
        for (id, draft) in &self.waiting {
            if chosen.len() >= most {
                break;
            }
            if draft.account != wallet.key || self.put_back.contains(id) {
                continue;
            }
            match draft.cost().and_then(|cost| balance.checked_sub(cost)) {
                Some(rest) => {
                    balance = rest;
                    let sequence = next.saturating_add(chosen.len() as u64);
                    chosen.push(DraftToSign { entry: *id, sequence, draft: draft.clone() });
                }
                None => drop(self.put_back.insert(*id)),
            }
        }
        self.asked = chosen.iter().map(|chosen| (chosen.entry, chosen.sequence)).collect();
        chosen
    }

    /// The driver signed a draft. Returns whether that was asked, and it is what it was asked for.
    pub(crate) fn is_asked(&self, id: EntryId, checked: &CheckedTransaction) -> bool {
        match (self.waiting.get(&id), self.asked.get(&id)) {
            (Some(draft), Some(sequence)) => draft.is_signed_as(*sequence, checked),
            _ => false,
        }
    }

    /// Everything that was asked is answered; what was not signed is asked for again once something
    /// changes, or a driver without random numbers would be asked without end.
    pub(crate) fn answered(&mut self) {
        let unsigned = core::mem::take(&mut self.asked).into_keys();
        self.put_back.extend(unsigned.filter(|id| self.waiting.contains_key(id)));
    }

    /// The pool is against it as things stand.
    pub(crate) fn put_back(&mut self, id: EntryId) {
        self.put_back.insert(id);
    }

    /// Whether it does not contradict itself: it may come from a stranger's file.
    pub(crate) fn is_sound(&self) -> bool {
        let named = self.asked.keys().chain(&self.put_back).chain(self.requests.keys());
        named.copied().collect::<BTreeSet<_>>().iter().all(|id| self.waiting.contains_key(id))
    }
}
