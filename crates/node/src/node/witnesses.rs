//! Statements of witnesses: received, made here, passed on.
//!
//! Owns what follows from each; what is kept is up to [`crate::witnesses`].

use kusari_chain::ledger::{Equivocation, WitnessStatement};
use kusari_chain::{BlockHash, StoreResult};

use super::Node;
use crate::event::Event;
use crate::interface::{Action, PeerId};
use crate::prelude::*;
use crate::wire::Message;
use crate::witnesses::{Pending, Verdict, WitnessMemory, WitnessStop, Witnesses};

impl Node {
    pub(super) fn witness_received(
        &mut self,
        peer: PeerId,
        statement: WitnessStatement,
    ) -> StoreResult {
        let Some(witnesses) = &mut self.witnesses else {
            return self.refuse_verb(peer, "WITNESS");
        };
        match witnesses.listeners.may_take(peer, self.now) {
            Some(true) => {
                let before = witnesses.listeners.has(peer, &statement);
                self.take_statement(peer, statement, before)
            }
            // What comes faster than any node of this kind sends it costs no more than its line.
            Some(false) => Ok(()),
            None => {
                if self.understands_errors(peer) {
                    self.send_error(peer, "hello-first", "WITNESS is taken after HELLO only");
                }
                Ok(())
            }
        }
    }

    /// Takes a statement that its key signed, `before` being the one that its sender sent before it.
    fn take_statement(
        &mut self,
        peer: PeerId,
        statement: WitnessStatement,
        before: Option<WitnessStatement>,
    ) -> StoreResult {
        let Some(witnesses) = &mut self.witnesses else { return Ok(()) };
        match witnesses.judge(&statement, before) {
            Verdict::Nothing => return Ok(()),
            Verdict::Equivocation(evidence) => {
                self.convict(peer, *evidence);
                return Ok(());
            }
            Verdict::News => {}
        }
        // Its sequence is used, wherever its block is.
        if witnesses.own_returned(&statement) {
            let returned = Event::OwnStatementsReturned { sequence: statement.sequence };
            self.actions.push(Action::Notify(returned));
        }
        match self.chain.point(&statement.hash)? {
            None => {
                let listed = witnesses.is_listed(&statement.key);
                witnesses.waiting.add(peer, statement, listed, self.now);
                return Ok(());
            }
            // The key signed a lie that anybody sees.
            Some(point) if point.height != statement.height => return Ok(()),
            Some(_) => {}
        }
        let WitnessStatement { key, sequence, height, hash, .. } = statement;
        if !witnesses.keep(statement, self.now, &mut self.batch.statements) {
            return Ok(());
        }
        witnesses.listeners.pass_on(Pending::Statement(key, sequence), Some(peer));
        if witnesses.is_listed(&key) && !witnesses.is_own(&key) {
            self.notify(Event::Witnessed { key, height, hash });
        }
        Ok(())
    }

    /// Keeps the evidence against a key, tells the person, and passes it on.
    fn convict(&mut self, peer: PeerId, evidence: Equivocation) {
        let Some(witnesses) = &mut self.witnesses else { return };
        if !witnesses.convict(evidence, self.now, &mut self.batch.statements) {
            return;
        }
        let (key, sequence) = (evidence.key(), evidence.first.sequence);
        // Its sender may have only one of the two.
        witnesses.listeners.pass_on(Pending::Evidence(key), None);
        let (listed, is_own) = (witnesses.is_listed(&key), witnesses.is_own(&key));
        if is_own {
            self.stop_witnessing(WitnessStop::Equivocated { sequence });
        } else if listed {
            self.notify(Event::WitnessEquivocated { key, sequence, listed });
        } else {
            // Keys are free, so a stranger could fill the screen with them.
            self.report(peer, |_| Event::WitnessEquivocated { key, sequence, listed });
        }
    }

    /// A block is known now: statements may have waited for it.
    pub(super) fn take_waiting_statements(&mut self, hash: &BlockHash) -> StoreResult {
        let Some(witnesses) = &mut self.witnesses else { return Ok(()) };
        for (sender, statement) in witnesses.waiting.take(hash, self.now) {
            self.take_statement(sender, statement, None)?;
        }
        Ok(())
    }

    /// A peer introduced itself: it is sent what is known, and from now on what comes.
    pub(super) fn follow_witnesses(&mut self, peer: PeerId) {
        if let Some(witnesses) = &mut self.witnesses {
            let first = witnesses.for_newcomer();
            witnesses.listeners.add(peer, self.now, first);
        }
    }

    /// Sends statements that peers are still to be sent.
    pub(super) fn pass_on_statements(&mut self) {
        let Some(witnesses) = &mut self.witnesses else { return };
        for (peer, statement) in witnesses.due(self.now) {
            let message = Message::Witness(Box::new(statement));
            self.actions.push(Action::Send { peer, message });
        }
    }

    /// Has what our key said remembered, and then a statement signed when one is due, for a tip that
    /// is no mere step of catching up.
    pub(super) fn witness(&mut self) -> StoreResult {
        let Some(witnesses) = &mut self.witnesses else { return Ok(()) };
        witnesses.count_near_tip(&self.chain)?;
        let memory = witnesses.memory_due();
        self.actions.extend(memory.map(Action::RememberWitness));
        if !self.catching_up {
            match witnesses.statement_due(self.now, self.wall, &self.chain.tip()) {
                Ok(Some(statement)) => self.actions.push(Action::SignStatement(statement)),
                Ok(None) => {}
                Err(why) => self.stop_witnessing(why),
            }
        }
        let witnesses = self.witnesses.as_mut();
        if let Some(why) = witnesses.and_then(Witnesses::stop_to_tell) {
            self.notify(Event::WitnessingStopped { why });
        }
        Ok(())
    }

    /// When there is something to do about witnesses next.
    pub(super) fn witness_deadline(&self) -> Option<Duration> {
        let witnesses = self.witnesses.as_ref()?;
        witnesses.deadline(&self.chain.tip(), self.catching_up)
    }

    /// The driver remembers what our key said.
    pub(super) fn witness_remembered(&mut self, memory: WitnessMemory) {
        let own = self.witnesses.as_mut().and_then(|witnesses| witnesses.own.as_mut());
        if let Some(own) = own {
            own.remembered(memory);
        }
    }

    /// The driver signed a statement: it is committed before anybody hears of it. The block that it
    /// names was committed before, or is with it.
    pub(super) fn statement_signed(&mut self, statement: WitnessStatement) {
        let commit = self.commit_in_progress();
        let Some(chain) = self.chain.chain_id() else { return };
        let Some(witnesses) = &mut self.witnesses else { return };
        let Some(own) = &mut witnesses.own else { return };
        match own.signed(&statement, &chain) {
            Ok(true) => {
                own.commits_with(commit, statement.sequence);
                witnesses.keep(statement, self.now, &mut self.batch.statements);
            }
            Ok(false) => {}
            Err(why) => self.stop_witnessing(why),
        }
    }

    /// Ends our own statements; the person is told once, at the end of the input.
    pub(super) fn stop_witnessing(&mut self, why: WitnessStop) {
        if let Some(own) = self.witnesses.as_mut().and_then(|witnesses| witnesses.own.as_mut()) {
            own.stop(why);
        }
    }
}
