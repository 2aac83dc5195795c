//! Mining: when, and on which template.
//!
//! Owns the choice. The search for a nonce is up to the driver; what a block may hold, to the chain.

use kusari_chain::accept::{LedgerTemplate, NoTemplate};
use kusari_chain::checked::{CheckedHeader, Header};
use kusari_chain::ledger::{BodyEntry, LedgerPart};
use kusari_chain::params::MAX_AHEAD_SECONDS;
use kusari_chain::{Block, CheckedBlock, RuleViolation, StoreResult, Target, Work};

use super::Node;
use crate::config::MiningPolicy;
use crate::interface::{Action, TemplateId};
use crate::limits::{OWN_BLOCKS_APART, TEMPLATE_AGE};
use crate::mining_pause::MiningPause;
use crate::prelude::*;
use crate::store::EntryId;
use crate::timers::Timer;

/// A search begins below this nonce: what it finds is then below 2^53, which every reader of JSON
/// takes for the same number.
const FIRST_NONCES: u64 = 1 << 52;

/// Whether, and on what, this node mines.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Mining {
    pub(super) search: Option<Search>,
    pause: MiningPause,
    /// Until when blocks are mined although nothing waits.
    pub(super) on_until: Option<Duration>,
    /// How long nothing can be mined because the chain is ahead of the clock, in seconds.
    pub(super) ahead_of_clock: Option<u64>,
    last_template: u64,
    /// When the last block was found here.
    found_at: Option<Duration>,
}

impl Mining {
    pub(super) fn new(has_blocks: bool) -> Self {
        Self { pause: MiningPause::new(has_blocks), ..Self::default() }
    }
}

/// The search for a nonce that is under way.
#[derive(Serialize, Deserialize)]
pub(super) struct Search {
    pub(super) id: TemplateId,
    pub(super) template: Block,
    pub(super) subject: Subject,
}

/// What is mined.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    /// A line of the outbox.
    Line(EntryId),
    /// A body of transactions.
    Body {
        part: Box<LedgerPart>,
        made_at: Duration,
        /// Admissions to the pool when it was made.
        admitted: u64,
    },
}

impl Search {
    /// The block that the nonce completes, checked by itself.
    pub(super) fn complete(self, nonce: u64) -> Result<(Subject, CheckedBlock), RuleViolation> {
        let Self { mut template, subject, .. } = self;
        template.nonce = nonce;
        template.hash = template.compute_hash();
        let checked = match &subject {
            Subject::Line(_) => CheckedBlock::check(template)?,
            Subject::Body { part, .. } => {
                let (commitment, chain) = (part.commitment, part.commitment.chain_id);
                let header = Header { block: template, commitment };
                // Every transaction came out of the pool.
                let body = part.body.iter().map(|entry| (entry.clone(), true)).collect();
                CheckedBlock::assemble(CheckedHeader::check(header, &chain)?, body)?
            }
        };
        Ok((subject, checked))
    }
}

impl Node {
    /// Mines when there is something to say, on the tip, and not while better blocks come in.
    pub(super) fn mine(&mut self) -> StoreResult {
        let is_paused = self.catching_up;
        let paused_until = self.mining.pause.deadline(self.now).filter(|_| is_paused);
        self.timers.set(Timer::Mine, paused_until);
        self.mining.ahead_of_clock = None;
        if self.config.ledger.is_some() {
            return self.mine_ledger(is_paused);
        }
        let tip = self.chain.tip();
        let wanted = self.outbox.next_to_mine().filter(|_| !is_paused);
        let Some((entry, text)) = wanted else {
            self.stop_mining();
            return Ok(());
        };
        let is_current = |search: &Search| {
            matches!(search.subject, Subject::Line(current) if current == entry)
                && search.template.prev_hash == tip.hash
        };
        let (true, Some(index)) =
            (!self.mining.search.as_ref().is_some_and(is_current), tip.height.checked_add(1))
        else {
            return Ok(());
        };
        let template = Block::template(index, self.wall, text.to_string(), tip.hash);
        self.begin(template, Target::CLASSIC, Subject::Line(entry));
        Ok(())
    }

    /// Notes whether blocks that come in would make stale what is mined or said now, and may still hold
    /// it up.
    pub(super) fn watch_catching_up(&mut self) {
        let work = self.chain.tip().work;
        let mut claims = self.peers.iter().filter_map(|(id, _)| self.sync.claim_of(id));
        // A peer without blocks has shown nothing to one that has some.
        if claims.any(|claim| claim.work == work || claim.work < work && claim.work > Work::ZERO) {
            self.mining.pause.note_tip();
        }
        self.catching_up = self.sync.is_catching_up(&self.downloads, self.now)
            && (self.sync.rises_fast() || self.mining.pause.begin_or_go_on(self.now));
    }

    fn begin(&mut self, mut template: Block, target: Target, subject: Subject) {
        // Two nodes that are given the same text in the same second on the same parent would find
        // the very same block from nonce 0, and one of the two lines would be lost.
        template.nonce = self.random.below(FIRST_NONCES);
        self.mining.last_template += 1;
        let id = TemplateId(self.mining.last_template);
        self.actions.push(Action::Mine { template_id: id, template: template.clone(), target });
        self.mining.search = Some(Search { id, template, subject });
    }

    /// A block was found here.
    pub(super) fn note_found(&mut self) {
        self.mining.found_at = Some(self.now);
    }

    fn stop_mining(&mut self) {
        if self.mining.search.take().is_some() {
            self.actions.push(Action::StopMining);
        }
    }

    fn mine_ledger(&mut self, is_paused: bool) -> StoreResult {
        if is_paused || !self.ledger_wants_block()? {
            self.stop_mining();
            return Ok(());
        }
        let (Some(transactions), Some(config)) = (&self.transactions, &self.config.ledger) else {
            return Ok(());
        };
        // What waits by then goes into one block, which is one more commit.
        let apart = self.mining.found_at.map(|found| found + OWN_BLOCKS_APART);
        let apart =
            apart.filter(|until| config.mining == MiningPolicy::OnDemand && self.now < *until);
        if apart.is_some() {
            self.stop_mining();
            self.look_again_at(apart);
            return Ok(());
        }
        let admitted = transactions.admitted();
        if let Some(Search {
            template, subject: Subject::Body { made_at, admitted: then, .. }, ..
        }) = &self.mining.search
            && template.prev_hash == self.chain.tip().hash
        {
            let renew_at = *made_at + TEMPLATE_AGE;
            let has_more = admitted != *then;
            if !has_more || self.now < renew_at {
                self.look_again_at(Some(renew_at).filter(|_| has_more));
                return Ok(());
            }
        }
        let limit = u64::from(config.spec.max_body_bytes);
        let select = || {
            transactions.pool().select(limit).into_iter().map(|pooled| BodyEntry {
                transaction: *pooled.transaction(),
                payload: pooled.payload().cloned(),
            })
        };
        let miner = config.miner;
        let mut template = self.chain.template(miner, select(), self.wall);
        // Others would hold such a block until their clocks have come to it. Where there are none, waiting
        // for a chain that was mined by a wrong clock helps nobody.
        if let Err(NoTemplate::TooEarly { until }) = template
            && !self.peers.iter().any(|(_, peer)| peer.is_introduced())
        {
            template = self.chain.template(miner, select(), until);
        }
        match template {
            Ok(LedgerTemplate { block, part, target }) => {
                let (part, made_at) = (Box::new(part), self.now);
                self.begin(block, target, Subject::Body { part, made_at, admitted });
            }
            Err(NoTemplate::TooEarly { until }) => {
                self.mining.ahead_of_clock = Some(until.saturating_sub(self.wall));
                self.stop_mining();
                self.look_again_at(Some(self.until(until)));
            }
            Err(NoTemplate::NoLedger) => self.stop_mining(),
            Err(NoTemplate::Store(error)) => return Err(error),
        }
        Ok(())
    }

    /// Looks again then, or earlier where that was decided before.
    fn look_again_at(&mut self, at: Option<Duration>) {
        let before = self.timers.get(Timer::Mine);
        self.timers.set(Timer::Mine, before.into_iter().chain(at).min());
    }

    /// Whether the policy asks for a block now.
    fn ledger_wants_block(&mut self) -> StoreResult<bool> {
        let (Some(transactions), Some(config)) = (&self.transactions, &self.config.ledger) else {
            return Ok(false);
        };
        self.mining.on_until = self.mining.on_until.filter(|until| self.now < *until);
        Ok(match config.mining {
            MiningPolicy::Off => false,
            MiningPolicy::Always => true,
            MiningPolicy::OnDemand if transactions.pool().iter().next().is_some() => true,
            // Blocks that nothing stands in come a second apart at least, or an easy chain would run
            // ahead of the clock while somebody waits.
            MiningPolicy::OnDemand if self.mining.on_until.is_some() => {
                let is_due = self.is_due(1)?;
                // The search ends when the time is over.
                self.look_again_at(self.mining.on_until);
                is_due
            }
            MiningPolicy::OnDemand => false,
            MiningPolicy::Interval { seconds } => self.is_due(seconds)?,
        })
    }
}

impl Node {
    /// Whether the tip was stamped so many seconds ago; if not, looks again when it will have been.
    fn is_due(&mut self, seconds: u32) -> StoreResult<bool> {
        let tip = self.chain.block(&self.chain.tip().hash)?;
        let due = tip.map_or(0, |tip| tip.block.timestamp.saturating_add(u64::from(seconds)));
        if self.wall < due {
            self.timers.set(Timer::Mine, Some(self.until(due)));
            let wait = due - self.wall;
            self.mining.ahead_of_clock =
                Some(wait).filter(|wait| *wait > u64::from(seconds) + MAX_AHEAD_SECONDS);
        }
        Ok(self.wall >= due)
    }
}
