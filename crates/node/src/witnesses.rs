//! Witnesses: keys that say which block they saw as their best chain's tip, and when.
//!
//! Owns whose statements are kept and for how long, which of them prove that a key cannot be believed,
//! and the statements of this node's own key. Keys cost nothing to make, so places are bounded: those
//! that a person lists always have one; another key loses its own to one that stands by a higher block.
//! Source: protocol, section 4.4. Knows nothing of connections, and signs nothing.

mod listeners;
mod memory;
mod own;
mod state;
mod waiting;

use kusari_chain::ledger::{Equivocation, PublicKey, UnsignedStatement, WitnessStatement};
use kusari_chain::{BestPoint, BlockHash, Chain, StoreResult};

pub(crate) use self::listeners::{Listeners, Pending};
pub use self::memory::{LastStatement, WitnessMemory};
pub(crate) use self::own::Own;
pub use self::own::WitnessStop;
pub(crate) use self::waiting::Waiting;
use crate::interface::{CommitId, PeerId};
use crate::limits::{
    KEY_STATEMENT_BURST, KEY_STATEMENT_REFILL, MAX_KEPT_EQUIVOCATIONS, MAX_STATEMENTS_OF_KEY,
    MAX_STATEMENTS_OF_LISTED_KEY, MAX_WITNESS_KEYS, NEAR_TIP_BLOCKS,
};
use crate::prelude::*;
use crate::store::StatementWrite;
use crate::token_bucket::TokenBucket;

/// What a node is told of witnesses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WitnessConfig {
    /// The key that the driver signs statements of this node with; `None` where it makes none.
    pub own: Option<PublicKey>,
    /// What the driver remembers of that key's statements.
    #[serde(default)]
    pub memory: WitnessMemory,
    /// Keys whose word counts here; those beyond [`crate::limits::MAX_LISTED_WITNESS_KEYS`] are not
    /// listed.
    pub listed: Vec<PublicKey>,
}

/// What is kept of one key.
#[derive(Serialize, Deserialize)]
struct Witness {
    /// By sequence.
    statements: BTreeMap<u64, WitnessStatement>,
    equivocation: Option<Equivocation>,
    /// Whether the evidence keeps its place although nobody listed the key.
    is_kept: bool,
    /// The last one that came and was not kept, being too old or too soon: another one like it may
    /// still prove an equivocation.
    passed_over: Option<WitnessStatement>,
    pace: TokenBucket,
}

impl Witness {
    fn new(now: Duration) -> Self {
        let pace = TokenBucket::new(KEY_STATEMENT_BURST, KEY_STATEMENT_REFILL, now);
        let statements = BTreeMap::new();
        Self { statements, equivocation: None, is_kept: false, passed_over: None, pace }
    }

    fn newest(&self) -> Option<&WitnessStatement> {
        self.statements.last_key_value().map(|(_, statement)| statement)
    }

    fn newest_height(&self) -> u32 {
        self.newest().map_or(0, |statement| statement.height)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Witnesses {
    listed: BTreeSet<PublicKey>,
    keys: BTreeMap<PublicKey, Witness>,
    /// Our own statements, where this node makes any.
    pub(crate) own: Option<Own>,
    pub(crate) waiting: Waiting,
    pub(crate) listeners: Listeners,
    /// Listed keys near the tip, as of this tip; to be counted anew where there is none.
    near_tip: (usize, Option<BlockHash>),
}

/// What a statement is, beside those that are kept.
pub(crate) enum Verdict {
    /// It is here already, or of no use.
    Nothing,
    /// It contradicts another one.
    Equivocation(Box<Equivocation>),
    /// It is to be kept, if its block is known.
    News,
}

impl Witnesses {
    /// Whether the key always has a place.
    pub(crate) fn is_listed(&self, key: &PublicKey) -> bool {
        self.listed.contains(key) || self.is_own(key)
    }

    pub(crate) fn is_own(&self, key: &PublicKey) -> bool {
        self.own.as_ref().is_some_and(|own| own.key() == *key)
    }

    /// Statements that are kept of a key at most.
    fn most_of(&self, key: &PublicKey) -> usize {
        if self.is_listed(key) { MAX_STATEMENTS_OF_LISTED_KEY } else { MAX_STATEMENTS_OF_KEY }
    }

    fn newest_of(&self, key: &PublicKey) -> Option<&WitnessStatement> {
        self.keys.get(key).and_then(Witness::newest)
    }

    /// Compares a statement with what is here, and with the one that its sender sent before it: of two
    /// that prove something, the first may be dropped for any reason.
    pub(crate) fn judge(
        &mut self,
        statement: &WitnessStatement,
        before: Option<WitnessStatement>,
    ) -> Verdict {
        let WitnessStatement { key, sequence, .. } = *statement;
        let most = self.most_of(&key);
        let same = |held: &WitnessStatement| held.sequence == sequence;
        let mut witness = self.keys.get_mut(&key);
        if witness.as_ref().is_some_and(|witness| witness.equivocation.is_some()) {
            return Verdict::Nothing;
        }
        let held = witness.as_ref().and_then(|witness| {
            let passed_over = witness.passed_over.as_ref().filter(|held| same(held));
            witness.statements.get(&sequence).or(passed_over)
        });
        let held = held.or_else(|| self.waiting.of(&key, sequence)).copied();
        // Two that only wait may be kept in the end, or not: words decide, not the place.
        let mut others = held.into_iter().chain(before);
        if let Some(pair) = others.find_map(|other| Equivocation::of(other, *statement)) {
            return Verdict::Equivocation(Box::new(pair));
        }
        if held.is_some() {
            return Verdict::Nothing;
        }
        if let Some(witness) = &mut witness
            && witness.statements.len() >= most
            && witness.statements.first_key_value().is_some_and(|(first, _)| sequence < *first)
        {
            witness.passed_over = Some(*statement);
            return Verdict::Nothing;
        }
        Verdict::News
    }

    /// Keeps a statement that is news and names a known block. `false` where its key has no place or
    /// is too fast.
    pub(crate) fn keep(
        &mut self,
        statement: WitnessStatement,
        now: Duration,
        writes: &mut Vec<StatementWrite>,
    ) -> bool {
        let WitnessStatement { key, sequence, height, .. } = statement;
        let (is_own, most) = (self.is_own(&key), self.most_of(&key));
        if !self.make_room(&key, height, writes) {
            return false;
        }
        let witness = self.keys.entry(key).or_insert_with(|| Witness::new(now));
        if !is_own && !witness.pace.take(1, now) {
            witness.passed_over = Some(statement);
            return false;
        }
        witness.statements.insert(sequence, statement);
        writes.push(StatementWrite::Insert(statement));
        trim(key, witness, most, writes);
        self.near_tip.1 = None;
        true
    }

    /// Keeps evidence. `false` where there is no place for it.
    pub(crate) fn convict(
        &mut self,
        evidence: Equivocation,
        now: Duration,
        writes: &mut Vec<StatementWrite>,
    ) -> bool {
        let key = evidence.key();
        if !self.make_room(&key, 0, writes) {
            return false;
        }
        let has_place = self.has_place_for_evidence(&key);
        let witness = self.keys.entry(key).or_insert_with(|| Witness::new(now));
        witness.is_kept = has_place;
        witness.equivocation = Some(evidence);
        witness.passed_over = None;
        writes.push(StatementWrite::InsertEquivocation(evidence));
        self.near_tip.1 = None;
        true
    }

    fn has_place_for_evidence(&self, key: &PublicKey) -> bool {
        let kept = self.keys.values().filter(|witness| witness.is_kept).count();
        !self.is_listed(key) && kept < MAX_KEPT_EQUIVOCATIONS
    }

    /// Finds a place for a key that stands by a block of this height, in that of another one where
    /// there is no free one. Whoever spoke last does not count: keys are free, and would take turns.
    fn make_room(
        &mut self,
        key: &PublicKey,
        height: u32,
        writes: &mut Vec<StatementWrite>,
    ) -> bool {
        if self.keys.contains_key(key) || self.keys.len() < MAX_WITNESS_KEYS {
            return true;
        }
        let others = self.keys.iter().filter(|(key, other)| !self.is_listed(key) && !other.is_kept);
        let lowest = others.map(|(key, other)| (other.newest_height(), *key)).min();
        let weaker = lowest.filter(|(of_lowest, _)| self.is_listed(key) || *of_lowest < height);
        weaker.inspect(|(_, weaker)| self.evict(weaker, writes)).is_some()
    }

    fn evict(&mut self, key: &PublicKey, writes: &mut Vec<StatementWrite>) {
        let Some(witness) = self.keys.remove(key) else { return };
        let remove = |sequence: &u64| StatementWrite::Remove { key: *key, sequence: *sequence };
        writes.extend(witness.statements.keys().map(remove));
        if witness.equivocation.is_some() {
            writes.push(StatementWrite::RemoveEquivocation { key: *key });
        }
    }

    /// Every commit up to `through` is durable: a statement of ours in one of them may be sent.
    pub(crate) fn committed(&mut self, through: CommitId) {
        if let Some(own) = &mut self.own
            && let Some(sequence) = own.committed(through)
        {
            self.listeners.pass_on(Pending::Statement(own.key(), sequence), None);
        }
    }

    /// What a peer is sent when it introduces itself: evidence, and the newest statement of each key
    /// that has a good name; the keys that count here first.
    pub(crate) fn for_newcomer(&self) -> Vec<Pending> {
        let of = |(key, witness): (&PublicKey, &Witness)| match &witness.equivocation {
            Some(_) => Some(Pending::Evidence(*key)),
            None => self.last_sendable(key, witness).map(|last| Pending::Statement(*key, last)),
        };
        let (mut first, others): (Vec<_>, Vec<_>) =
            self.keys.iter().partition(|(key, _)| self.is_listed(key));
        first.extend(others);
        first.into_iter().filter_map(of).collect()
    }

    /// The newest statement that may be sent: not one of ours that is still to be durable.
    fn last_sendable(&self, key: &PublicKey, witness: &Witness) -> Option<u64> {
        let own = self.own.as_ref().filter(|own| own.key() == *key);
        let unsent = own.and_then(Own::unsent);
        witness.statements.keys().rev().copied().find(|sequence| Some(*sequence) != unsent)
    }

    /// What to send now, to whom.
    pub(crate) fn due(&mut self, now: Duration) -> Vec<(PeerId, WitnessStatement)> {
        let Self { listeners, keys, .. } = self;
        listeners.due(now, |pending| match pending {
            Pending::Statement(key, sequence) => {
                let statement = keys.get(key)?.statements.get(sequence)?;
                Some((*statement, None))
            }
            Pending::Evidence(key) => {
                let Equivocation { first, second } = keys.get(key)?.equivocation?;
                Some((first, Some(second)))
            }
        })
    }

    /// The statement of ours that is to be signed now, if one is due.
    pub(crate) fn statement_due(
        &mut self,
        now: Duration,
        wall: u64,
        tip: &BestPoint,
    ) -> Result<Option<UnsignedStatement>, WitnessStop> {
        let Self { own: Some(own), keys, .. } = self else { return Ok(None) };
        own.due(now, wall, tip, keys.get(&own.key()).and_then(Witness::newest))
    }

    /// When there is something to do next; while blocks are caught up with, nothing is said.
    pub(crate) fn deadline(&self, tip: &BestPoint, catching_up: bool) -> Option<Duration> {
        let own = self.own.as_ref().filter(|_| !catching_up);
        let own = own.and_then(|own| own.deadline(tip, self.newest_of(&own.key())));
        own.into_iter().chain(self.listeners.deadline()).min()
    }

    /// What the driver is to remember of our own key before it signs anything else.
    pub(crate) fn memory_due(&mut self) -> Option<WitnessMemory> {
        self.own.as_mut().and_then(Own::memory_due)
    }

    /// Why our own key says nothing any more, once.
    pub(crate) fn stop_to_tell(&mut self) -> Option<WitnessStop> {
        self.own.as_mut().and_then(Own::stop_to_tell)
    }

    /// A statement that came from elsewhere. Returns whether it is of our key and we go on after it.
    pub(crate) fn own_returned(&mut self, statement: &WitnessStatement) -> bool {
        let own = self.own.as_mut().filter(|own| own.key() == statement.key);
        own.is_some_and(|own| own.returned(statement))
    }

    /// Counts the listed keys near the tip, where either has moved.
    pub(crate) fn count_near_tip(&mut self, chain: &Chain) -> StoreResult {
        let tip = chain.tip();
        if self.near_tip.1 == Some(tip.hash) {
            return Ok(());
        }
        let mut count = 0;
        for key in &self.listed {
            let Some(witness) = self.keys.get(key) else { continue };
            let Some(newest) = witness.newest().filter(|_| witness.equivocation.is_none()) else {
                continue;
            };
            if newest.height.saturating_add(NEAR_TIP_BLOCKS) >= tip.height
                && newest.height <= tip.height
                && chain.best_at(newest.height)?.is_some_and(|point| point.hash == newest.hash)
            {
                count += 1;
            }
        }
        self.near_tip = (count, Some(tip.hash));
        Ok(())
    }
}

/// Drops the oldest statements beyond so many.
fn trim(key: PublicKey, witness: &mut Witness, most: usize, writes: &mut Vec<StatementWrite>) {
    while witness.statements.len() > most
        && let Some((sequence, _)) = witness.statements.pop_first()
    {
        writes.push(StatementWrite::Remove { key, sequence });
    }
}
