//! The node's driver: feeds inputs, carries out actions.

mod stop;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::{io, iter};

use kusari_miner::Miner;
use kusari_node::interface::{Action, CommitId, PeerId, Reply, RequestId, TemplateId};
use kusari_node::store::StoreBatch;
use kusari_node::wire::Dialect;
use kusari_node::{Event, Input, Node};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::clock::{Clock, until};
use super::commit::Committer;
use super::counts::Counts;
use super::event_log::{LOG_DELAY, Took, UnwrittenEvents};
use super::input_span::InputSpan;
use super::outgoing_lines::Lines;
use super::published::Shown;
use super::storage::Storage;
use super::{Control, NodeWallet, RunError, RuntimeConfig};
use crate::net::{Net, NetEvent, PeerHandle, StreamDone};
use kusari_journal::Journal;
use kusari_store::Store;

/// Inputs of one kind that are taken in a row before anything else is looked at. One may hold some
/// hundred blocks, which take the node a fraction of a millisecond.
const INPUTS_IN_A_ROW: usize = 32;
pub(super) struct Parts {
    pub(super) node: Node,
    pub(super) journal: Option<Journal>,
    pub(super) net: Arc<Net>,
    pub(super) clock: Clock,
    pub(super) counts: Arc<Counts>,
    pub(super) shown: Shown,
    pub(super) control: mpsc::UnboundedSender<Control>,
    /// Without what it says of the node and the journal, which are here.
    pub(super) config: RuntimeConfig,
}

pub(super) struct Driver {
    node: Node,
    journal: Option<Journal>,
    net: Arc<Net>,
    clock: Clock,
    counts: Arc<Counts>,
    pub(super) shown: Shown,
    miner: Miner,
    committer: Committer,
    /// What goes to the committer together, once no more inputs are at hand: so that what one of them asks for
    /// and what the next one makes of it become durable by one sync.
    to_commit: Vec<(CommitId, StoreBatch)>,
    storage: Storage,
    /// What is to be written into the event log.
    unwritten: UnwrittenEvents,
    /// By when, where nothing else is committed before.
    unwritten_due: Option<Instant>,
    /// How long the line of this input took.
    took: Took,
    /// It, for whoever listens.
    span: InputSpan,
    /// Signs what people drafted.
    wallet: Option<NodeWallet>,
    peers: HashMap<PeerId, PeerHandle>,
    /// Who waits for an answer.
    requests: HashMap<RequestId, oneshot::Sender<Reply>>,
    next_request: u64,
    /// What follows commits under way.
    then: VecDeque<(CommitId, Vec<Action>)>,
    wake_at: Option<Instant>,
    /// Whether a clean stop is under way: the node, which is not told, begins nothing new.
    stopping: bool,
}

impl Driver {
    pub(super) fn new(parts: Parts, store: Store) -> io::Result<Self> {
        let Parts { node, journal, net, clock, counts, shown, control, config } = parts;
        let found = control.clone();
        let miner = Miner::start(
            config.miner_threads,
            config.miner_kernel,
            counts.of_miner(),
            Box::new(move |template, nonce| {
                let template_id = TemplateId(template);
                let _ = found.send(Control::Mined { template_id, nonce });
            }),
        )?;
        Ok(Self {
            node,
            journal,
            net,
            clock,
            counts,
            shown,
            miner,
            storage: Storage::watch(store.clone(), config.max_store_bytes, control.clone()),
            committer: Committer::start(store, control, config.witness)?,
            to_commit: Vec::new(),
            unwritten: UnwrittenEvents::default(),
            unwritten_due: None,
            took: Took::default(),
            span: InputSpan::default(),
            wallet: config.wallet,
            peers: HashMap::new(),
            requests: HashMap::new(),
            next_request: 0,
            then: VecDeque::new(),
            wake_at: None,
            stopping: false,
        })
    }

    /// Runs until the node is stopped or can't go on.
    pub(super) async fn run(
        &mut self,
        mut from_net: mpsc::Receiver<NetEvent>,
        mut from_streams: mpsc::UnboundedReceiver<StreamDone>,
        mut from_control: mpsc::UnboundedReceiver<Control>,
    ) -> Result<(), RunError> {
        self.give(Input::Tick)?;
        if let Some(account) = self.wallet.as_ref().map(NodeWallet::account) {
            self.give(Input::WalletChanged(Some(account)))?;
        }
        self.tell_of_storage()?;
        loop {
            self.commit();
            self.shown.show(&self.node);
            if let Some(journal) = &mut self.journal {
                journal.flush();
            }
            let wake = until(self.wake_at);
            let unwritten_due = until(self.unwritten_due);
            // Answers to earlier actions come first: they free what peers wait for.
            tokio::select! {
                biased;
                Some(control) = from_control.recv() => {
                    let more = iter::from_fn(|| from_control.try_recv().ok());
                    let mut stops = false;
                    for control in iter::once(control).chain(more.take(INPUTS_IN_A_ROW - 1)) {
                        stops = matches!(control, Control::Stop);
                        if stops {
                            break;
                        }
                        self.control(control)?;
                    }
                    if stops {
                        return self.stop(&mut from_net, &mut from_control).await;
                    }
                }
                Some(done) = from_streams.recv() => self.stream_done(done)?,
                () = wake => {
                    self.wake_at = None;
                    self.give(Input::Tick)?;
                }
                () = unwritten_due => self.write_events(),
                Some(event) = from_net.recv(), if !self.node.is_congested() => {
                    self.net_event(event)?;
                    for _ in 1..INPUTS_IN_A_ROW {
                        if self.node.is_congested() {
                            break;
                        }
                        let Ok(event) = from_net.try_recv() else { break };
                        self.net_event(event)?;
                    }
                }
            }
        }
    }

    fn control(&mut self, control: Control) -> Result<(), RunError> {
        match control {
            Control::Command(command, answer) => {
                let request = RequestId(self.next_request);
                self.next_request += 1;
                self.requests.insert(request, answer);
                self.give(Input::Command(request, command))
            }
            Control::Committed(through) => {
                self.shown.committed();
                self.span.committed(through);
                while self.then.front().is_some_and(|(id, _)| *id <= through) {
                    if let Some((_, actions)) = self.then.pop_front() {
                        self.carry_out(actions)?;
                    }
                }
                self.give(Input::Committed { through })?;
                self.tell_of_storage()
            }
            Control::CommitFailed(error) => Err(RunError::Commit(error)),
            Control::Mined { template_id, nonce } => {
                self.give(Input::BlockMined { template_id, nonce })
            }
            Control::WalletChanged(account) => self.give(Input::WalletChanged(Some(account))),
            Control::BlockAltered => self.tell_of_storage(),
            Control::Audited(finding) => self.give(Input::Audited { finding }),
            Control::Witness(answer) => self.give(answer),
            Control::Stop => Ok(()),
        }
    }

    fn tell_of_storage(&mut self) -> Result<(), RunError> {
        self.storage.news().map_or(Ok(()), |news| self.give(Input::StorageChanged(news)))
    }

    fn stream_done(&mut self, done: StreamDone) -> Result<(), RunError> {
        let StreamDone { peer, last, result } = done;
        let count = result.map_err(|error| RunError::Halted(error.to_string()))?;
        self.give(Input::StreamEnded { peer, height: last.height, hash: last.hash, count })
    }

    fn net_event(&mut self, event: NetEvent) -> Result<(), RunError> {
        let input = match event {
            NetEvent::Connected { peer, direction, address, handle } => {
                self.peers.insert(peer, handle);
                Input::PeerConnected { peer, direction, address }
            }
            NetEvent::ConnectFailed { address, reason } => Input::ConnectFailed { address, reason },
            NetEvent::Received { peer, row, line } => {
                self.took.checked = line.checked;
                self.span.begin(line.span);
                Input::LinesReceived { peer, lines: row }
            }
            NetEvent::AnswerArrived { peer, end } => Input::AnswerArrived { peer, end },
            NetEvent::Finished { peer } => Input::PeerFinished { peer },
            NetEvent::Disconnected { peer, reason } => {
                self.peers.remove(&peer);
                Input::PeerDisconnected { peer, reason }
            }
        };
        let given = self.give(input);
        self.took.checked = None;
        self.span.end();
        given
    }

    fn give(&mut self, input: Input) -> Result<(), RunError> {
        let now = self.clock.now();
        let actions = match &mut self.journal {
            Some(journal) => journal.handle(&mut self.node, now, input),
            None => self.node.handle(now, input),
        };
        let handled = self.clock.elapsed().saturating_sub(now.monotonic);
        self.took.handled = Some(handled);
        self.span.handled(actions.len(), handled);
        self.carry_out(actions)
    }

    fn note(&mut self, event: Event) {
        let (now, under_way) = (self.clock.elapsed(), self.committer.events_under_way());
        self.unwritten.add(now, under_way, self.took, event);
        if self.unwritten_due.is_none() {
            self.unwritten_due = Some(self.clock.instant_of(now + LOG_DELAY));
        }
    }

    /// Hands over what is to be committed.
    fn commit(&mut self) {
        if !self.to_commit.is_empty() {
            self.write_events();
        }
        for (id, batch) in self.to_commit.drain(..) {
            self.committer.commit(id, batch);
        }
    }

    /// Hands over what is to be written into the event log.
    pub(super) fn write_events(&mut self) {
        self.unwritten_due = None;
        if !self.unwritten.is_empty() {
            self.committer.write_events(self.unwritten.take());
        }
    }

    /// Ends the journal, with how the node ended.
    pub(super) fn finish_journal(&mut self, result: &Result<(), RunError>) {
        if let Some(journal) = self.journal.take() {
            let failure = result.as_ref().err().map(ToString::to_string);
            journal.finish(&self.node, self.clock.now(), failure);
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>) -> Result<(), RunError> {
        let mut lines = Lines::default();
        let mut signed_drafts = None;
        for action in actions {
            if let Action::Send { peer, message } = &action {
                self.span.note_send(message);
                lines.send(*peer, message, &self.peers);
                continue;
            }
            lines.flush(&self.peers);
            self.span.sent();
            match action {
                Action::Mine { .. }
                | Action::Connect(_)
                | Action::ConnectBeside { .. }
                | Action::SignStatement(_)
                    if self.stopping => {}
                Action::Send { .. } => {}
                Action::SendStoredBlocks { peer, after, through, form } => {
                    if let Some(handle) = self.peers.get(&peer) {
                        handle.send_stored(after.into(), through, form);
                    }
                }
                Action::Connect(address) => {
                    tokio::spawn(Arc::clone(&self.net).dial(address, Vec::new()));
                }
                Action::ConnectBeside { address, except } => {
                    tokio::spawn(Arc::clone(&self.net).dial(address, except));
                }
                Action::Disconnect { peer, reason } => {
                    tracing::debug!(?peer, %reason, "closing");
                    if let Some(handle) = self.peers.get(&peer) {
                        handle.close_for(&reason);
                    }
                }
                Action::Commit { id, batch, then } => {
                    self.counts.note_batch(&batch);
                    self.span.commit(id);
                    self.then.push_back((id, then));
                    self.to_commit.push((id, batch));
                }
                Action::Mine { template_id, template, target } => {
                    self.miner.mine(template_id.0, &template, target);
                }
                Action::StopMining => self.miner.stop(),
                Action::SignStatement(statement) => {
                    if let Dialect::Ledger(chain) = self.node.dialect() {
                        self.committer.sign(statement, chain);
                    }
                }
                Action::RememberWitness(memory) => self.committer.remember(memory),
                Action::SignDrafts(drafts) => {
                    if let (Dialect::Ledger(id), Some(wallet)) = (self.node.dialect(), &self.wallet)
                    {
                        signed_drafts = Some(wallet.sign(drafts, &id));
                    }
                }
                Action::WakeAt(monotonic) => {
                    self.wake_at = Some(self.clock.instant_of(monotonic));
                }
                Action::Reply(request, reply) => {
                    if let Some(answer) = self.requests.remove(&request) {
                        // Whoever asked may have gone; the line is stored all the same.
                        let _ = answer.send(reply);
                    }
                }
                Action::Notify(event) => {
                    self.counts.note_event(&event);
                    self.shown.note(event);
                }
                Action::Record(event) => self.note(*event),
                Action::Audit => self.storage.audit(),
                Action::Halt(reason) => return Err(RunError::Halted(reason)),
            }
        }
        lines.flush(&self.peers);
        self.span.sent();
        // An input of its own, once all of these actions are done.
        signed_drafts.map_or(Ok(()), |drafts| self.give(Input::DraftsSigned(drafts)))
    }
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
