//! Users with keys, what they submitted to which node, and what became of it as far as they were
//! told.
//!
//! Owns who signs what, and when. What must hold in the end is up to [`crate::audit`].

use std::collections::{BTreeMap, BTreeSet};

use ed25519_zebra::SigningKey;
use kusari_chain::BlockHash;
use kusari_chain::ledger::{
    Account, ChainId, Payload, PublicKey, Salt, Signature, Txid, UnsignedStatement,
    UnsignedTransaction, WitnessStatement,
};
use kusari_chain::mempool::CheckedTransaction;
use kusari_node::interface::{AccountState, Command, Input, Reply, WrittenTransaction};
use kusari_node::store::OutboxStore;
use kusari_node::wire::{Message, Sent};

use crate::world::{Micros, World};

/// A user who signs. The keys follow from a number, and are worth nothing.
pub(crate) struct User {
    key: SigningKey,
    pub(crate) public: PublicKey,
}

impl User {
    pub(crate) fn new(number: usize) -> Self {
        let mut seed = [0x5e; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        let key = SigningKey::from(seed);
        let public = PublicKey(key.verification_key().into());
        Self { key, public }
    }

    /// Signs a statement of a witness.
    pub(crate) fn state(&self, unsigned: UnsignedStatement, chain: &ChainId) -> WitnessStatement {
        let signature = Signature(self.key.sign(&unsigned.signing_bytes(chain)).to_bytes());
        unsigned.signed(self.public, signature)
    }

    /// Signs a transaction. `None` where it is wrong by itself.
    pub(crate) fn sign(
        &self,
        unsigned: UnsignedTransaction,
        note: Option<Payload>,
        chain: &ChainId,
    ) -> Option<CheckedTransaction> {
        let signature = Signature(self.key.sign(&unsigned.signing_bytes(chain)).to_bytes());
        CheckedTransaction::check_unsigned(unsigned.signed(signature), note).ok()
    }
}

/// A user who submits to several machines at once, whose transactions so displace one another.
pub(crate) const SHARED: usize = 1_000;

/// What a user asked a node for.
pub(crate) enum Asked {
    /// The account of the user with this number, to sign what comes next.
    Account(usize),
    /// To mine this line.
    Say(String),
    /// To mine this transaction.
    Submit(Txid),
    /// To have this text signed and mined.
    Draft(String),
    /// To mine on.
    MineOn,
    /// To follow a branch.
    Accept,
    /// An account that must be this one.
    Same(Account),
}

/// A transaction that was submitted.
pub(crate) struct Submitted {
    pub(crate) transaction: CheckedTransaction,
    /// The machines that it was submitted to.
    pub(crate) at: BTreeSet<usize>,
    /// The machines whose user was told that it is stored.
    pub(crate) acknowledged: BTreeSet<usize>,
    /// The machines whose user was told that another one took its place.
    pub(crate) displaced: BTreeSet<usize>,
}

/// Everything that was submitted.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) submitted: BTreeMap<Txid, Submitted>,
    pub(crate) crashed: BTreeSet<usize>,
    drawn: u64,
}

impl Ledger {
    pub(crate) fn displaced(&mut self, host: usize, txid: &Txid) {
        if let Some(submitted) = self.submitted.get_mut(txid) {
            submitted.displaced.insert(host);
        }
    }

    pub(crate) fn acknowledged_count(&self) -> usize {
        self.submitted.values().filter(|submitted| !submitted.acknowledged.is_empty()).count()
    }
}

impl World {
    /// Has users submit on machines, spread over a range of time.
    pub(crate) fn let_users_act(
        &mut self,
        hosts: &[usize],
        count: u64,
        from: Micros,
        until: Micros,
    ) {
        for &host in hosts {
            self.spread(host, count, from, until, Self::transact);
        }
    }

    /// Plans what a user of a machine does, at moments that chance draws.
    pub(crate) fn spread(
        &mut self,
        host: usize,
        count: u64,
        from: Micros,
        until: Micros,
        act: fn(&mut Self, usize),
    ) {
        for _ in 0..count {
            let at = self.random.between(from, until);
            self.plan(at, move |world| act(world, host));
        }
    }

    /// A user looks up what its next transaction needs.
    pub(crate) fn transact(&mut self, host: usize) {
        let user = if self.random.chance(15) { SHARED } else { host };
        let Some(kusari) = self.running(host) else { return };
        let request = kusari.ask(Asked::Account(user));
        let key = User::new(user).public;
        self.input(host, Input::Command(request, Command::GetAccount(key)));
    }

    /// A node answers what a user asked.
    pub(crate) fn told(&mut self, host: usize, asked: Asked, reply: Reply) {
        match (asked, reply) {
            (Asked::Account(user), Reply::Account(Ok(AccountState { account, next_sequence }))) => {
                self.sign_and_submit(host, user, &account, next_sequence);
            }
            (Asked::Say(text), Reply::Recorded(Ok(_))) if self.is_honest(host) => {
                self.lines.acknowledged(host, &text);
            }
            (Asked::Say(_), _) => {}
            (Asked::Submit(txid), Reply::Submitted(Ok(told))) if told == txid => {
                if let Some(submitted) = self.ledger.submitted.get_mut(&txid) {
                    submitted.acknowledged.insert(host);
                }
            }
            (Asked::Submit(_), Reply::Submitted(Err(_))) => self.counts.not_submitted += 1,
            (Asked::Draft(text), reply) => self.drafted(host, text, &reply),
            (Asked::MineOn, Reply::MinesOn(Ok(mines))) if mines == self.mines(host) => {}
            (Asked::Accept, Reply::BranchAccepted(Ok(accepted))) if accepted.refused.is_none() => {}
            (Asked::Same(expected), Reply::Account(Ok(told))) if expected == told.account => {}
            (_, reply) => self.fail(format!("node {host} answers something else: {reply:?}")),
        }
    }

    fn sign_and_submit(&mut self, host: usize, user: usize, account: &Account, sequence: u64) {
        let Some(chain) = self.chain_id() else { return };
        self.ledger.drawn += 1;
        let note = self.draw_note(host);
        let signer = User::new(user);
        // Only who mines can be sure to be able to pay in the end, whatever branch wins.
        let may_pay = user != SHARED && self.mines(host) && account.balance > 0;
        let unsigned = if may_pay && self.random.chance(50) {
            let hosts = self.hosts.len();
            let receiver = User::new(self.random.index(hosts)).public;
            let amount = self.random.below(account.balance / 8 + 1);
            let fee = self.random.below(4);
            let note = Some(&note).filter(|_| self.random.chance(50));
            (
                UnsignedTransaction::transfer(signer.public, receiver, amount, sequence, fee, note),
                note.cloned(),
            )
        } else {
            (UnsignedTransaction::record(signer.public, sequence, 0, &note), Some(note))
        };
        let Some(transaction) = signer.sign(unsigned.0, unsigned.1, &chain) else { return };
        let Some(life) = self.kusari(host).map(|kusari| kusari.life) else { return };
        self.plan(self.now, move |world| world.submit(host, life, transaction));
    }

    fn draw_note(&mut self, host: usize) -> Payload {
        const SPICE: [&str; 4] = ["", " \"quoted\\\"", " \t\u{1b}[31m", " жöß漢🦀"];
        let spice = SPICE[self.random.index(SPICE.len())];
        let mut data = format!("note {} of machine {host}{spice}", self.ledger.drawn);
        if self.random.chance(5) {
            let room = usize::try_from(self.random.below(60_000)).unwrap_or(0);
            data.push_str(&"-".repeat(room));
        }
        let mut salt = [0; 16];
        salt[..8].copy_from_slice(&self.random.draw().to_le_bytes());
        Payload { salt: Salt(salt), data }
    }

    pub(crate) fn submit(&mut self, host: usize, life: u32, transaction: CheckedTransaction) {
        let Some(kusari) = self.alive(host, life) else { return };
        let txid = transaction.txid();
        let request = kusari.ask(Asked::Submit(txid));
        let submitted = self.ledger.submitted.entry(txid).or_insert_with(|| Submitted {
            transaction: transaction.clone(),
            at: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            displaced: BTreeSet::new(),
        });
        submitted.at.insert(host);
        let command = Command::Submit(Box::new(WrittenTransaction(transaction)));
        self.input(host, Input::Command(request, command));
    }

    /// A node sends nothing that was submitted to it before that is on its disk, neither by itself nor
    /// in a block.
    pub(crate) fn check_submitted_is_stored(&mut self, host: usize, message: &Sent) {
        let txids: Vec<Txid> = match message {
            Message::Transaction(checked) => vec![checked.txid()],
            Message::Block(sent) => {
                let body = sent.stored.part().map_or(&[][..], |part| &part.body);
                body.iter().map(|entry| entry.transaction.txid()).collect()
            }
            Message::Transactions { entries, .. } => {
                entries.iter().map(|entry| entry.transaction.txid()).collect()
            }
            _ => return,
        };
        let Some(kusari) = self.kusari(host) else { return };
        let is_early = |txid: &&Txid| {
            let submitted = self.ledger.submitted.get(*txid);
            submitted.is_some_and(|submitted| submitted.at.contains(&host))
                && !matches!(kusari.disk.entry_of_block(&BlockHash(txid.0)), Ok(Some(_)))
        };
        if let Some(txid) = txids.iter().find(is_early) {
            self.fail(format!("node {host} sends {txid} before it is durable"));
        }
    }

    /// Users whose transactions wait have their nodes mine on: what a branch took away may first have
    /// to be earned again.
    pub(crate) fn let_miners_go_on(&mut self) {
        for host in self.kusari_hosts() {
            if self.waiting(host).is_some_and(|waiting| waiting.own > 0)
                && let Some(kusari) = self.kusari_mut(host)
            {
                let request = kusari.ask(Asked::MineOn);
                self.input(host, Input::Command(request, Command::MineOn { seconds: 5 }));
            }
        }
    }
}
