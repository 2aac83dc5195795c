//! Machines that sign what users draft, some of them with one wallet, and what must become of it.
//!
//! Owns who types what, and the check that each text stands once.

use std::collections::{BTreeMap, BTreeSet};

use kusari_chain::StoredBlock;
use kusari_chain::ledger::{Payload, Salt};
use kusari_node::drafts::{Draft, DraftContent, DraftToSign, SigningAccount};
use kusari_node::interface::{Command, Input, Reply, SignedDraft, WrittenTransaction};

use crate::users::{Asked, User};
use crate::world::{Micros, World};

/// What users had drafted.
#[derive(Default)]
pub(crate) struct Drafted {
    count: u64,
    pub(crate) acknowledged: BTreeSet<String>,
}

impl World {
    /// The machine signs with the keys of the user with this number.
    pub(crate) fn give_wallet(&mut self, host: usize, user: usize) {
        self.set(host, |kusari| kusari.wallet = Some(user));
    }

    /// Has users draft on a machine, spread over a range of time.
    pub(crate) fn let_users_draft(&mut self, host: usize, count: u64, from: Micros, until: Micros) {
        self.spread(host, count, from, until, Self::draft);
    }

    fn wallet_of(&self, host: usize) -> Option<User> {
        self.kusari(host)?.wallet.map(User::new)
    }

    /// The driver says, right after a start, what it signs with.
    pub(crate) fn show_wallet(&mut self, host: usize) {
        if let Some(User { public, .. }) = self.wallet_of(host) {
            let account = SigningAccount { key: public, unlocked: true };
            self.input(host, Input::WalletChanged(Some(account)));
        }
    }

    /// A user types a text.
    pub(crate) fn draft(&mut self, host: usize) {
        let Some(account) = self.wallet_of(host).map(|user| user.public) else { return };
        self.drafted.count += 1;
        let text = format!("draft {} on machine {host}", self.drafted.count);
        let Some(kusari) = self.running(host) else { return };
        let request = kusari.ask(Asked::Draft(text.clone()));
        let draft = Draft { account, fee: 0, content: DraftContent::Record(text) };
        self.input(host, Input::Command(request, Command::Draft(draft)));
    }

    /// The node answered a draft.
    pub(crate) fn drafted(&mut self, host: usize, text: String, reply: &Reply) {
        match reply {
            Reply::Drafted(Ok(_)) => drop(self.drafted.acknowledged.insert(text)),
            Reply::Drafted(Err(_)) => self.counts.not_submitted += 1,
            _ => self.fail(format!("node {host} answers something else: {reply:?}")),
        }
    }

    /// The driver signs, a moment after it was asked to.
    pub(crate) fn sign_drafts(&mut self, host: usize, life: u32, drafts: Vec<DraftToSign>) {
        let (Some(signer), Some(chain)) = (self.wallet_of(host), self.chain_id()) else { return };
        let mut signed = Vec::new();
        for DraftToSign { entry, sequence, draft } in drafts {
            let mut salt = [0; 16];
            salt[..8].copy_from_slice(&self.random.draw().to_le_bytes());
            let salt = Salt(salt);
            let payload = draft.text().map(|text| Payload { salt, data: text.to_owned() });
            let unsigned = draft.unsigned(sequence, payload.as_ref());
            if let Some(checked) = signer.sign(unsigned, payload, &chain) {
                signed.push(SignedDraft { entry, transaction: WrittenTransaction(checked) });
            }
        }
        self.plan(self.now, move |world| {
            world.input_if_alive(host, life, Input::DraftsSigned(signed))
        });
    }

    /// What is wrong with a chain, if anything is: each text that was acknowledged stands in it once,
    /// and no other more often.
    pub(crate) fn fault_of_drafted(&self, chain: &[StoredBlock]) -> Option<String> {
        let mut found: BTreeMap<&str, u32> = BTreeMap::new();
        let bodies = chain.iter().filter_map(StoredBlock::part).flat_map(|part| &part.body);
        for payload in bodies.filter_map(|entry| entry.payload.as_ref()) {
            *found.entry(payload.data.as_str()).or_default() += 1;
        }
        let is_draft = |text: &&str| text.starts_with("draft ");
        let twice = found.iter().find(|(text, times)| is_draft(text) && **times > 1);
        if let Some((text, times)) = twice {
            return Some(format!("{text:?} stands in the chain {times} times"));
        }
        let mut acknowledged = self.drafted.acknowledged.iter();
        let lost = acknowledged.find(|text| !found.contains_key(text.as_str()))?;
        Some(format!("the acknowledged {lost:?} is lost"))
    }
}
