//! What follows from the state after each input: writes, answers, gossip, requests, work, waking.

use kusari_chain::{BestPoint, StoreResult};

use super::Node;
use super::pushing::Round;
use crate::event::Event;
use crate::gossip::Step;
use crate::interface::{Action, DisconnectReason, PeerId, StreamForm};
use crate::limits::MAX_WAITING_SAYS;
use crate::peers::{Due, LeftOut, PeerStage};
use crate::serving::Answer;
use crate::timers::Timer;
use crate::transactions::Transactions;
use crate::wire::{Have, Message};

impl Node {
    pub(super) fn follow_up(&mut self) -> StoreResult {
        self.accept_due()?;
        self.reorganise()?;
        self.admit_waiting_says();
        self.work_off_outbox()?;
        self.end_answers()?;
        self.serve();
        // Others wait for it, so it comes before the screen and the disk.
        self.pass_on()?;
        self.pass_on_transactions()?;
        self.pass_on_statements();
        self.actions.append(&mut self.news);
        self.keep_time();
        self.ask_originals()?;
        self.give_up_late_answers();
        self.request_announced();
        self.request_bodies();
        self.request_payloads();
        self.request_blocks()?;
        // Before the commit, so that it can be stored with it.
        self.record_events();
        self.commit();
        self.serve();
        self.dial();
        self.look_behind();
        self.watch_catching_up();
        self.watch_branches()?;
        self.watch_hindrances();
        self.mine()?;
        self.witness()?;
        self.wake()
    }

    fn admit_waiting_says(&mut self) {
        while let Some((request, text)) =
            self.waiting_says.pop_front_if(|(_, text)| self.outbox.has_room(text))
        {
            self.say(request, text, MAX_WAITING_SAYS);
        }
    }

    /// Begins the answers that can be read from the store by now.
    fn serve(&mut self) {
        for (peer, answer) in self.serving.ready(self.commits.durable) {
            let Answer { after, through, form, .. } = answer;
            self.actions.push(Action::SendStoredBlocks { peer, after, through, form });
        }
    }

    fn pass_on(&mut self) -> StoreResult {
        let tip = self.announced_tip()?;
        let mut round = Round::default();
        for peer in self.gossip.listeners() {
            if self.is_told_later(peer) {
                continue;
            }
            let claim = self.sync.claim_of(peer);
            match self.gossip.step(peer, tip, claim, &self.chain, self.now, &mut self.random)? {
                Some(Step::Blocks { from, through }) => {
                    // Whoever is announced a large one asks for it, and is then sent it as a stream.
                    if self.are_large(&mut round, peer, from..=through)? {
                        self.announce(peer, tip);
                    } else {
                        self.event_log.note_push();
                        self.send_blocks(&mut round, peer, from..=through)?;
                    }
                }
                Some(Step::Announce(tip)) => self.announce(peer, tip),
                Some(Step::Stream { after }) => {
                    let ready_after = self.commit_so_far();
                    let introduced = self.peers.get(peer).is_some_and(|p| p.is_introduced());
                    let form = if introduced { StreamForm::Whole } else { StreamForm::Plain };
                    let answer = Answer { after, through: None, form, ready_after, asked: false };
                    self.serving.push(peer, answer);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Whether a peer is told of new blocks later: it is being answered, or it may be an original
    /// whose list is not known yet.
    fn is_told_later(&self, id: PeerId) -> bool {
        let is_greeted = self.peers.get(id).is_some_and(|peer| peer.stage == PeerStage::Greeted);
        self.serving.is_busy(id) || is_greeted || self.originals.is_held(&self.downloads, id)
    }

    fn announce(&mut self, peer: PeerId, tip: BestPoint) {
        self.event_log.note_announcement();
        let have = Have { hash: tip.hash, height: tip.height, work: tip.work };
        self.send(peer, Message::Have(have));
    }

    fn keep_time(&mut self) {
        if let Some(LeftOut { connections, lines }) = self.peers.left_out(self.now) {
            self.notify(Event::LeftOut { connections, lines });
        }
        for due in self.peers.due(self.now) {
            match due {
                // It need not speak while it reads what we write, which has a deadline of its own.
                Due::Ping(peer) | Due::Close(peer, DisconnectReason::TimedOut)
                    if self.serving.is_busy(peer) =>
                {
                    self.peers.note_alive(peer, self.now);
                }
                Due::Close(peer, reason) => self.close(peer, reason),
                Due::Ping(peer) => {
                    let number = self.random.draw();
                    self.peers.note(peer, |peer| peer.pinged = Some(number));
                    self.send(peer, Message::Ping(number));
                }
                Due::NoHello(peer) => self.meet_original(peer),
                Due::IsSilent(peer) => self.dial_beside(peer),
            }
        }
    }

    fn dial(&mut self) {
        for address in self.dials.due(self.now) {
            self.actions.push(Action::Connect(address));
        }
    }

    fn wake(&mut self) -> StoreResult {
        let tip = self.announced_tip()?;
        self.announced_tip = tip;
        // A second late at most: the wall clock counts in seconds.
        let next_due = self.chain.next_due().map(|due| self.until(due));
        let transactions = self.transactions.as_ref();
        for (timer, at) in [
            (Timer::Reorganise, self.pacing.deadline()),
            (Timer::FutureBlock, next_due),
            (Timer::HeldBranch, self.branches_deadline()),
            (Timer::Peers, self.peers.deadline()),
            (Timer::Dial, self.dials.deadline()),
            (Timer::Answers, self.downloads.deadline()),
            (Timer::Sync, self.sync.deadline(&self.downloads, self.now)),
            (Timer::Headers, self.headers.deadline(&self.downloads, self.now)),
            (Timer::Announced, self.pending_announcements.deadline(&self.downloads)),
            (Timer::Payloads, self.missing_payloads.deadline(self.now)),
            (Timer::Originals, self.originals.deadline(&self.downloads, self.now)),
            (Timer::Gossip, self.gossip.deadline(tip, self.now, |peer| self.is_told_later(peer))),
            (Timer::Expire, transactions.and_then(Transactions::expires_at)),
            (Timer::Transactions, transactions.and_then(Transactions::deadline)),
            (Timer::Witness, self.witness_deadline()),
            (Timer::Hindrance, self.hindrance_deadline()),
            (Timer::Commit, self.held_commit_deadline()),
        ] {
            self.timers.set(timer, at);
        }
        self.actions.extend(self.timers.news().map(Action::WakeAt));
        Ok(())
    }
}
