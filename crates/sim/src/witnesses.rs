//! Machines that say what they saw, the one that lies about it, and what must hold of both.
//!
//! Owns their keys, which follow from the number of the machine, and how a statement is signed.

use kusari_chain::Block;
use kusari_chain::ledger::{PublicKey, StatementHash, UnsignedStatement, WitnessStatement};
use kusari_node::limits::MAX_WITNESS_KEYS;
use kusari_node::wire::{self, Message, Sent};

use crate::byzantine::Malice;
use crate::connection::Place;
use crate::users::User;
use crate::world::{Host, World};

/// Numbers of the keys of witnesses begin here, apart from those of users.
const FIRST_WITNESS: usize = 2_000_000;
/// Those of keys that speak once.
const FIRST_FRESH: usize = 3_000_000;
/// Statements with fresh keys that a perjurer makes at once, where it floods.
const FLOOD: u64 = 12;

/// The key of a machine as a witness.
fn witness(host: usize) -> User {
    User::new(FIRST_WITNESS + host)
}

/// What a machine's key is known by.
pub(crate) fn key_of(host: usize) -> PublicKey {
    witness(host).public
}

impl World {
    /// Has a machine of a ledger make statements, and list the keys of others.
    pub(crate) fn let_witness(&mut self, host: usize, listed: &[usize]) {
        let ledger = self.kusari_mut(host).and_then(|kusari| kusari.config.ledger.as_mut());
        if let Some(ledger) = ledger {
            ledger.witnesses.own = Some(key_of(host));
            ledger.witnesses.listed = listed.iter().map(|&other| key_of(other)).collect();
        }
    }

    /// A statement, signed with the key of a machine.
    pub(crate) fn signed_by(
        &self,
        host: usize,
        statement: UnsignedStatement,
    ) -> Option<WitnessStatement> {
        Some(witness(host).state(statement, &self.chain_id()?))
    }

    /// A node sends no statement of its own before that and its block are on its disk.
    pub(crate) fn check_statement_is_stored(&mut self, host: usize, message: &Sent) {
        let Message::Witness(statement) = message else { return };
        let WitnessStatement { key, sequence, hash, .. } = **statement;
        let Some(kusari) = self.kusari(host) else { return };
        let is_stored = kusari.disk.statement(&key, sequence).as_ref() == Some(statement);
        if key != key_of(host) {
            return;
        }
        // One that came back is passed on like those of others.
        let was_sent = kusari.remembered.was_sent(sequence);
        if !(was_sent || is_stored && kusari.disk.holds(&hash)) {
            self.fail(format!("node {host} sends its statement {sequence} before it is durable"));
        }
        self.check_statement_is_remembered(host, statement);
    }

    /// A statement about a block that was heard of, which contradicts others of the same key; or some
    /// of new keys.
    pub(crate) fn perjure(&mut self, host: usize, place: Place) {
        let (kind, draw) = (self.random.below(4), self.random.draw());
        let Some(chain) = self.chain_id() else { return };
        let seen = self.byzantine(host).map(|byzantine| byzantine.seen.clone()).unwrap_or_default();
        let Some(block) = seen.get(self.random.index(seen.len().max(1))) else {
            return self.send_line(place, b"GET_BLOCKS:{\"locator\":[],\"limit\":64}\n".to_vec());
        };
        let sequence = if kind == 0 { draw % 4 } else { draw % 2 };
        let Block { index: height, hash, .. } = *block;
        let previous = StatementHash::ZERO;
        let statement = UnsignedStatement { sequence, previous, height, hash, time: draw >> 8 };
        let mut lines = vec![witness(host).state(statement, &chain)];
        if self.floods(host) {
            let fresh = 0..FLOOD;
            lines.extend(fresh.map(|_| {
                let number = usize::try_from(self.random.below(1 << 30)).unwrap_or(0);
                User::new(FIRST_FRESH + number).state(statement, &chain)
            }));
        }
        for statement in lines {
            let message: Message<Block> = Message::Witness(Box::new(statement));
            self.send_line(place, wire::encode(&message));
        }
    }

    /// Every other perjurer does, and every node that is to hear of it lists its key.
    fn floods(&self, host: usize) -> bool {
        host.is_multiple_of(2)
    }

    /// Once everything is quiet: every node has evidence against liars and against no other key, what honest
    /// witnesses said last is known to all who list them, and no bound was exceeded.
    pub(crate) fn check_witnesses(&mut self) {
        let hosts = self.kusari_hosts();
        let own =
            |world: &Self, host| world.ledger_config(host).and_then(|ledger| ledger.witnesses.own);
        if self.failure.is_some() || !hosts.iter().any(|&host| own(self, host).is_some()) {
            return;
        }
        let is_liar =
            |host: &Host| matches!(host, Host::Byzantine(liar) if liar.malice == Malice::Perjurer);
        let liars: Vec<usize> =
            (0..self.hosts.len()).filter(|&place| is_liar(&self.hosts[place])).collect();
        for &place in &hosts {
            let Some(kusari) = self.kusari(place) else { continue };
            let disk = kusari.disk.clone();
            if let Some(liar) = liars.iter().find(|&&liar| !disk.convicts(&key_of(liar))) {
                self.fail(format!("node {place} has no evidence against {liar}"));
            }
            if disk.witness_keys() > MAX_WITNESS_KEYS {
                self.fail(format!("node {place} keeps {} keys", disk.witness_keys()));
            }
            for &other in &hosts {
                let key = key_of(other);
                if disk.convicts(&key) {
                    self.fail(format!("node {place} holds that {other} lied"));
                }
                let newest = disk.newest_statement(&key).map(|newest| newest.hash);
                let is_silent = self.kusari(other).is_some_and(|own| own.remembered.is_silent());
                if own(self, other).is_some() && !is_silent && newest != Some(disk.tip().1) {
                    self.fail(format!("node {place} does not know what {other} said last"));
                }
            }
        }
    }
}
