//! What is kept of witnesses as a whole: opened from a store, restored from a state, summed up.

use kusari_chain::StoreResult;
use kusari_chain::ledger::PublicKey;

use super::{Listeners, Own, Waiting, Witness, WitnessConfig, Witnesses, trim};
use crate::limits::{MAX_KEPT_EQUIVOCATIONS, MAX_LISTED_WITNESS_KEYS, MAX_WITNESS_KEYS};
use crate::prelude::*;
use crate::snapshot::WitnessSummary;
use crate::store::{OutboxStore, StatementWrite, Witnessed};

impl Witnesses {
    /// What the store holds, on a ledger, and what it is to hold no longer: another list of keys
    /// may leave less room for the others.
    pub(crate) fn open(
        config: Option<&WitnessConfig>,
        store: &dyn OutboxStore,
    ) -> StoreResult<(Option<Self>, Vec<StatementWrite>)> {
        let Some(config) = config else { return Ok((None, Vec::new())) };
        let mut opened = Self {
            listed: listed(config),
            keys: BTreeMap::new(),
            own: config.own.map(|key| Own::new(key, config.memory)),
            waiting: Waiting::default(),
            listeners: Listeners::default(),
            near_tip: (0, None),
        };
        store.visit_witnessed(&mut |kept| opened.load(kept))?;
        let mut writes = Vec::new();
        opened.settle_in(&mut writes);
        Ok((Some(opened), writes))
    }

    fn load(&mut self, kept: Witnessed) {
        let key = match &kept {
            Witnessed::Statement(statement) => statement.key,
            Witnessed::Equivocation(evidence) => evidence.key(),
        };
        let witness = self.keys.entry(key).or_insert_with(|| Witness::new(Duration::ZERO));
        match kept {
            Witnessed::Statement(statement) => {
                witness.statements.insert(statement.sequence, statement);
            }
            Witnessed::Equivocation(evidence) => witness.equivocation = Some(evidence),
        }
    }

    /// Gives places as they would have been given one by one.
    fn settle_in(&mut self, writes: &mut Vec<StatementWrite>) {
        let keys: Vec<PublicKey> = self.keys.keys().copied().collect();
        for key in keys {
            let (most, has_place) = (self.most_of(&key), self.has_place_for_evidence(&key));
            let is_own = self.is_own(&key);
            let Some(witness) = self.keys.get_mut(&key) else { continue };
            trim(key, witness, most, writes);
            witness.is_kept = has_place && witness.equivocation.is_some();
            if let Some(own) = self.own.as_mut().filter(|_| is_own) {
                own.load(witness.newest(), witness.equivocation.as_ref());
            }
        }
        while self.keys.len() > MAX_WITNESS_KEYS {
            let others = self.keys.iter();
            let others = others.filter(|(key, other)| !self.is_listed(key) && !other.is_kept);
            let lowest = others.map(|(key, other)| (other.newest_height(), *key)).min();
            let Some((_, lowest)) = lowest else { break };
            self.evict(&lowest, writes);
        }
    }

    /// Whether this could be the state of a node that was told so: it may come from a stranger's file.
    pub(crate) fn is_sound(&self, config: &WitnessConfig) -> bool {
        let is_sound = |(key, witness): (&PublicKey, &Witness)| {
            witness.statements.len() <= self.most_of(key)
                && witness.statements.iter().all(|(sequence, statement)| {
                    statement.key == *key && statement.sequence == *sequence
                })
                && witness.passed_over.is_none_or(|statement| statement.key == *key)
                && witness
                    .equivocation
                    .is_none_or(|evidence| evidence.is_evidence() && evidence.key() == *key)
        };
        let kept = self.keys.values().filter(|witness| witness.is_kept).count();
        self.listed == listed(config)
            && self.own.as_ref().map(Own::key) == config.own
            && self.keys.len() <= MAX_WITNESS_KEYS
            && kept <= MAX_KEPT_EQUIVOCATIONS
            && self.keys.iter().all(is_sound)
            && self.waiting.is_within_bounds()
            && self.listeners.is_within_bounds()
    }

    pub(crate) fn summary(&self) -> WitnessSummary {
        let convicted = self.keys.values().filter(|witness| witness.equivocation.is_some());
        WitnessSummary {
            own: self.own.as_ref().map(Own::key),
            witnessing: self.own.as_ref().is_some_and(|own| own.stopped().is_none()),
            stopped: self.own.as_ref().and_then(Own::stopped),
            listed: self.listed.iter().copied().collect(),
            near_tip: self.near_tip.0,
            known: self.keys.len(),
            equivocated: convicted.count(),
        }
    }
}

/// The keys that a person listed, as many as may be.
fn listed(config: &WitnessConfig) -> BTreeSet<PublicKey> {
    config.listed.iter().take(MAX_LISTED_WITNESS_KEYS).copied().collect()
}
