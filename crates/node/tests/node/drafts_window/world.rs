//! The machine, its disk and the people around it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::common::ledger::{Maker, Person, START, config, spec, whole};
use crate::common::{Bench, Disk, mined_to};
use kusari_chain::ledger::{BodyEntry, Payload, Salt, Txid};
use kusari_chain::mempool::CheckedTransaction;
use kusari_chain::{Block, BlockStore, CheckedBlock, StoredBlock, Target};
use kusari_node::drafts::{Draft, DraftContent, DraftToSign, SigningAccount};
use kusari_node::interface::{
    AccountState, Command, CommitId, Reply, RequestId, SignedDraft, TemplateId, WrittenTransaction,
};
use kusari_node::limits::OWN_BLOCKS_APART;
use kusari_node::store::{EntryState, OutboxStore};
use kusari_node::{Action, Input, MiningPolicy, Node, NodeConfig, OutboxLimits};

pub(crate) const LIMITS: OutboxLimits =
    OutboxLimits { in_memory: 4, in_memory_bytes: 64, entries: 14, bytes: 300 };
/// What the second machine records.
const ELSEWHERE: &str = "elsewhere";

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Draft {
        bytes: usize,
    },
    /// A transaction of the same account that was signed by a command.
    Submit,
    Sign,
    Mine,
    /// Commits become durable and are not reported yet.
    Write(usize),
    /// Those are reported.
    Report(usize),
    /// A branch wins that leaves out so many blocks, and holds so many of their transactions of this
    /// account, or one that was signed elsewhere.
    Fork {
        depth: usize,
        kept: usize,
        elsewhere: bool,
    },
    /// So many of the commits that are under way are durable.
    Crash {
        written: usize,
    },
    /// The node goes on from a checkpoint.
    Restore,
}

pub(crate) struct World {
    bench: Bench,
    /// Durable, and still to be reported, with what follows on them.
    written: VecDeque<(CommitId, Vec<Action>)>,
    pub(crate) work: Option<(TemplateId, Block, Target)>,
    pub(crate) to_sign: Vec<DraftToSign>,
    typed: u64,
    pub(crate) asked: BTreeMap<RequestId, String>,
    acknowledged: BTreeSet<String>,
    pub(crate) next_sequence: u64,
    lives: u64,
}

fn text_of(entry: &BodyEntry) -> &str {
    entry.payload.as_ref().map_or("", |payload| payload.data.as_str())
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self {
            bench: Self::start(Disk::default(), 0),
            written: VecDeque::new(),
            work: None,
            to_sign: Vec::new(),
            typed: 0,
            asked: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            next_sequence: 0,
            lives: 0,
        };
        world.wake();
        world
    }

    fn start(disk: Disk, seed: u64) -> Bench {
        let mut config = NodeConfig { outbox: LIMITS, seed, ..config(MiningPolicy::OnDemand) };
        config.ledger.as_mut().unwrap().offline = true;
        Bench::on(disk, config)
    }

    fn wake(&mut self) {
        let woken = std::mem::take(&mut self.bench.woken);
        self.note(woken);
        self.bench.hold_commits = true;
        let wallet = SigningAccount { key: Person::new(1).public, unlocked: true };
        self.give(Input::WalletChanged(Some(wallet)));
    }

    fn note(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Mine { template_id, template, target } => {
                    self.work = Some((template_id, template, target));
                }
                Action::StopMining => self.work = None,
                Action::SignDrafts(drafts) => self.to_sign = drafts,
                Action::Reply(request, Reply::Drafted(Ok(_)) | Reply::Submitted(Ok(_))) => {
                    self.acknowledged.extend(self.asked.remove(&request));
                }
                Action::Reply(_, Reply::Account(Ok(AccountState { next_sequence, .. }))) => {
                    self.next_sequence = next_sequence;
                }
                Action::Reply(request, Reply::Drafted(Err(_)) | Reply::Submitted(Err(_))) => {
                    drop(self.asked.remove(&request))
                }
                Action::Halt(why) => panic!("the node stopped: {why}"),
                _ => {}
            }
        }
    }

    fn give(&mut self, input: Input) {
        let actions = self.bench.give(input);
        self.note(actions);
    }

    pub(crate) fn command(&mut self, text: Option<String>, command: Command) {
        self.typed += 1;
        let request = RequestId(self.typed);
        self.asked.extend(text.map(|text| (request, text)));
        self.give(Input::Command(request, command));
    }

    fn text(&self, bytes: usize) -> String {
        format!("{:09}{}", self.typed, "x".repeat(bytes - 9))
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match *step {
            Step::Draft { bytes } => {
                let text = self.text(bytes);
                let content = DraftContent::Record(text.clone());
                let draft = Draft { account: Person::new(1).public, fee: 0, content };
                self.command(Some(text), Command::Draft(draft));
            }
            Step::Submit => {
                let (person, text) = (Person::new(1), self.text(12));
                self.command(None, Command::GetAccount(person.public));
                let signed = person.record(self.next_sequence, 0, &text);
                let command = Command::Submit(Box::new(WrittenTransaction(signed)));
                self.command(Some(text), command);
            }
            Step::Sign => self.sign(),
            Step::Mine => self.mine(),
            Step::Write(count) => self.write(count),
            Step::Report(count) => self.report(count),
            Step::Fork { depth, kept, elsewhere } => self.fork(depth, kept, elsewhere),
            Step::Crash { written } => self.crash(written),
            Step::Restore => self.bench.restore(),
        }
        self.check();
    }

    fn sign(&mut self) {
        let drafts = std::mem::take(&mut self.to_sign);
        if drafts.is_empty() {
            return;
        }
        let signed = drafts.into_iter().map(|DraftToSign { entry, sequence, draft }| {
            let data = draft.text().unwrap().to_owned();
            let payload = Payload { salt: Salt([5; 16]), data };
            let unsigned = draft.unsigned(sequence, Some(&payload));
            let entry_of = Person::new(1).sign(unsigned, Some(payload));
            let (transaction, payload) = (entry_of.transaction, entry_of.payload);
            let checked = CheckedTransaction::check(transaction, payload, &spec().chain_id());
            SignedDraft { entry, transaction: WrittenTransaction(checked.unwrap()) }
        });
        self.give(Input::DraftsSigned(signed.collect()));
    }

    fn mine(&mut self) {
        let Some((template_id, template, target)) = self.work.take() else { return };
        self.bench.now.wall += 1;
        let nonce = mined_to(template, target).nonce;
        self.give(Input::BlockMined { template_id, nonce });
        self.bench.now.monotonic += OWN_BLOCKS_APART;
        self.give(Input::Tick);
    }

    pub(crate) fn write(&mut self, count: usize) {
        for _ in 0..count {
            let Some((id, batch, then)) = self.bench.held.pop_front() else { break };
            self.bench.disk.apply(&batch);
            self.written.push_back((id, then));
        }
    }

    pub(crate) fn report(&mut self, count: usize) {
        for _ in 0..count {
            let Some((through, then)) = self.written.pop_front() else { break };
            self.note(then);
            self.give(Input::Committed { through });
        }
    }

    /// The stored best chain, from height 1.
    fn chain(&self) -> Vec<StoredBlock> {
        (1..).map_while(|height| self.bench.disk.best_at(height).unwrap()).collect()
    }

    fn fork(&mut self, depth: usize, kept: usize, elsewhere: bool) {
        self.write(usize::MAX);
        let chain = self.chain();
        let base = chain.len().saturating_sub(depth);
        let mut maker = Maker::new(9);
        for stored in chain.iter().take(base) {
            let part = Box::new(stored.part().unwrap().clone());
            let block = stored.block.clone();
            maker.take(CheckedBlock::check_whole(block, part, &spec().chain_id()).unwrap());
        }
        let entries = |blocks: &[StoredBlock]| -> Vec<BodyEntry> {
            blocks.iter().flat_map(|stored| stored.part().unwrap().body.clone()).collect()
        };
        let check = |entry: BodyEntry| {
            let BodyEntry { transaction, payload } = entry;
            CheckedTransaction::check(transaction, payload, &spec().chain_id()).unwrap()
        };
        let mut body: Vec<CheckedTransaction> =
            entries(&chain[base..]).into_iter().take(kept).map(check).collect();
        if elsewhere {
            let sequence = entries(&chain[..base]).len() + body.len();
            body.push(Person::new(1).record(sequence as u64, 0, ELSEWHERE));
        }
        maker.next(&body.iter().collect::<Vec<_>>());
        while maker.blocks.len() <= chain.len() {
            maker.next(&[]);
        }
        let peer = self.bench.ledger_peer(1_000 + self.typed);
        self.typed += 1;
        for block in maker.blocks.iter().skip(base) {
            let received = Ok(whole(block));
            self.give(Input::line(peer, received));
        }
        let tip = maker.blocks.last().unwrap().block().hash;
        assert_eq!(self.bench.node.snapshot().tip.hash, tip);
        self.give(Input::PeerDisconnected { peer, reason: String::new() });
    }

    fn crash(&mut self, written: usize) {
        self.write(written);
        let durable: Vec<Action> = self.written.drain(..).flat_map(|(_, then)| then).collect();
        // What was durable may have been acknowledged just before the end.
        self.note(durable.into_iter().filter(|a| matches!(a, Action::Reply(..))).collect());
        self.lives += 1;
        (self.work, self.to_sign) = (None, Vec::new());
        let now = self.bench.now;
        self.bench = Self::start(self.bench.disk.clone(), self.lives);
        self.bench.now = now;
        self.wake();
    }

    fn check(&self) {
        let state = self.bench.node.state();
        let disk = self.bench.disk.clone();
        Node::restore(&state, Box::new(disk.clone()), Box::new(disk)).unwrap();
        let chain = self.chain();
        let mut seen = BTreeSet::new();
        for entry in chain.iter().flat_map(|block| &block.part().unwrap().body) {
            let text = text_of(entry);
            assert!(text == ELSEWHERE || seen.insert(text), "{text:?} is mined twice");
        }
    }

    pub(crate) fn waiting(&self) -> u64 {
        self.bench.own_waiting()
    }

    pub(crate) fn finish(mut self) {
        for _ in 0..200 {
            self.write(usize::MAX);
            self.report(usize::MAX);
            self.check();
            if !self.to_sign.is_empty() {
                self.sign();
            } else if self.work.is_some() {
                self.mine();
            } else if !self.bench.held.is_empty() {
                continue;
            } else if self.waiting() == 0 {
                break;
            } else {
                let actions = self.bench.pass(Duration::from_secs(60));
                self.note(actions);
            }
        }
        assert_eq!(self.waiting(), 0, "something waits for good");
        let chain = self.chain();
        let bodies = || chain.iter().flat_map(|block| &block.part().unwrap().body);
        let stands: BTreeSet<&str> = bodies().map(text_of).collect();
        let foreign: BTreeSet<Txid> = bodies()
            .filter(|entry| text_of(entry) == ELSEWHERE)
            .map(|entry| entry.transaction.txid())
            .collect();
        let outbox = self.bench.disk.outbox.borrow();
        let mut displaced = BTreeSet::new();
        for entry in outbox.entries() {
            if let EntryState::Displaced { by, .. } = entry.state {
                assert!(foreign.contains(&by), "entry {} lost its place to one of ours", entry.id);
                displaced.insert(entry.id);
            }
        }
        let lost: Vec<_> =
            self.acknowledged.iter().filter(|text| !stands.contains(text.as_str())).collect();
        assert!(lost.len() <= displaced.len(), "{lost:?} are lost, {displaced:?} are displaced");
        let facts = self.bench.disk.outbox_facts().unwrap();
        assert_eq!((facts.waiting, facts.bytes), (0, 0));
    }
}

impl World {
    pub(crate) fn commit_all(&mut self) {
        while !self.bench.held.is_empty() || !self.written.is_empty() {
            self.write(usize::MAX);
            self.report(usize::MAX);
        }
    }
}

/// The time of the bench is that of the blocks made by hand.
const _: () = assert!(START == 1_800_000_000);
