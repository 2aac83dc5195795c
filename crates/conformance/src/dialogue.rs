//! A node that is spoken to: what a peer sends, and what comes back.
//!
//! Answers the suite `bad-input`. The node is the one that runs over sockets; here its store is in
//! memory and its clock stands still.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use kusari_chain::{BlockHash, CheckedBlock};
use kusari_node::interface::{
    Command, Direction, PeerId, Reply, RequestId, SayRefusal, StreamForm,
};
use kusari_node::store::MemoryStore;
use kusari_node::wire::{
    AsBlock, Beginning, BlockForm, Message, OtherProtocol, Received, Refusal, WireError, encode,
    receive,
};
use kusari_node::{Action, Input, Node, NodeConfig, Now};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bytes::Bytes;
use super::lines::{StreamReader, without_newline};
use super::suites::{InputError, form};

/// When all of this happens: a Unix time later than every timestamp in the suites.
const WALL_CLOCK: u64 = 1_800_000_000;

/// How a browser is answered.
const HTTP_ANSWER: &str = "HTTP/1.0 400 Bad Request";

/// Who brings the node its chain before the case begins.
const BRINGER: PeerId = PeerId(1);

/// Who sends the bytes of the case.
const STRANGER: PeerId = PeerId(2);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// `BLOCK` lines, oldest first, that the node has from the start.
    chain: Vec<String>,
    /// What a peer that connected to it sends.
    bytes: Bytes,
    /// Whether the peer then ends its side of the connection.
    #[serde(default)]
    ends: bool,
}

pub(super) fn answer(input: &Value) -> Result<Value, InputError> {
    let Question { chain, bytes, ends } = form(input)?;
    let bytes = bytes.expand()?;
    let mut node = Bench::new()?;
    node.connect(BRINGER)?;
    for line in &chain {
        node.receive(BRINGER, receive(line.as_bytes()))?;
    }
    if usize::try_from(node.node.snapshot().tip.height) != Ok(chain.len()) {
        return Err(InputError::new("`chain` is not a chain of valid blocks"));
    }
    node.give(Input::PeerDisconnected { peer: BRINGER, reason: String::from("done") })?;

    node.connect(STRANGER)?;
    node.hear(&bytes, ends)?;
    let tip = node.node.snapshot().tip;
    Ok(json!({
        "answers": node.answers,
        "closes": node.closed,
        "height": tip.height,
        "tip": tip.hash,
    }))
}

/// What a node answers to a line that a person types.
pub(super) fn typed(text: &str) -> Result<&'static str, InputError> {
    let mut node = Bench::new()?;
    node.give(Input::Command(RequestId(1), Command::Say(text.to_owned())))?;
    match node.reply {
        Some(Reply::Recorded(Ok(_))) => Ok("saved"),
        Some(Reply::Recorded(Err(SayRefusal::Empty))) => Ok("refused: empty"),
        Some(Reply::Recorded(Err(SayRefusal::TooLong { .. }))) => Ok("refused: too long"),
        other => Err(InputError(format!("the node answered {other:?}"))),
    }
}

/// A node with a store, and what it said to the stranger.
struct Bench {
    node: Node,
    store: MemoryStore,
    answers: Vec<String>,
    closed: bool,
    reply: Option<Reply>,
}

impl Bench {
    fn new() -> Result<Self, InputError> {
        let store = MemoryStore::default();
        let node =
            Node::new(NodeConfig::default(), Box::new(store.clone()), Box::new(store.clone()))
                .map_err(InputError::new)?;
        let mut bench = Self { node, store, answers: Vec::new(), closed: false, reply: None };
        bench.give(Input::Tick)?;
        Ok(bench)
    }

    fn connect(&mut self, peer: PeerId) -> Result<(), InputError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000));
        self.give(Input::PeerConnected { peer, direction: Direction::Inbound, address })
    }

    fn receive(
        &mut self,
        peer: PeerId,
        received: Result<Received, Refusal>,
    ) -> Result<(), InputError> {
        self.give(Input::line(peer, received))
    }

    /// Takes the stranger's bytes as a connection does, as long as the node listens.
    fn hear(&mut self, bytes: &[u8], ends: bool) -> Result<(), InputError> {
        if let Beginning::Other(other) = Beginning::of(bytes) {
            self.closed = true;
            let answer = (other == OtherProtocol::Http).then(|| String::from(HTTP_ANSWER));
            self.answers.extend(answer);
            return Ok(());
        }
        let mut reader = StreamReader::default();
        let mut failure = None;
        let went_on = reader.read(bytes, &mut |_, received| {
            failure = self.receive(STRANGER, received).err();
            failure.is_none() && !self.closed
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        if went_on && ends {
            let bytes = reader.unfinished();
            if bytes > 0 {
                let refusal = Refusal::Malformed(WireError::CutOff { bytes });
                self.receive(STRANGER, Err(refusal))?;
            }
            self.give(Input::PeerFinished { peer: STRANGER })?;
        }
        Ok(())
    }

    /// Gives one input, and carries out all that follows.
    fn give(&mut self, input: Input) -> Result<(), InputError> {
        let now = Now { monotonic: Duration::ZERO, wall: WALL_CLOCK };
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut actions = VecDeque::from(self.node.handle(now, input));
            while let Some(action) = actions.pop_front() {
                match action {
                    Action::Send { peer: STRANGER, message } => {
                        self.answers.push(summary(&message));
                    }
                    Action::SendStoredBlocks { peer, after, through, form } => {
                        inputs.push_back(self.stream(peer, after, through, form));
                    }
                    Action::Commit { id, batch, then } => {
                        self.store.apply(&batch);
                        actions.extend(then);
                        inputs.push_back(Input::Committed { through: id });
                    }
                    Action::Disconnect { peer: STRANGER, .. } => self.closed = true,
                    Action::Reply(_, reply) => self.reply = Some(reply),
                    Action::Halt(reason) => return Err(InputError(reason)),
                    // What is mined, dialled, shown or due later is no part of the answer.
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Writes stored blocks to a peer, all at once.
    fn stream(
        &mut self,
        peer: PeerId,
        after: kusari_chain::BestPoint,
        through: Option<u32>,
        form: StreamForm,
    ) -> Input {
        let chunk = self.store.chunk((after.height, after.hash), through, usize::MAX);
        let count = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
        let (height, hash): (u32, BlockHash) = chunk
            .last()
            .map_or((after.height, after.hash), |last| (last.block.index, last.block.hash));
        if peer == STRANGER {
            self.answers.extend(chunk.iter().map(|block| summary(&Message::Block(&block.block))));
            if form == StreamForm::Counted {
                let end = Message::<CheckedBlock>::End { count, missing: Vec::new() };
                self.answers.push(summary(&end));
            }
        }
        Input::StreamEnded { peer, height, hash, count }
    }
}

/// A line that the node sends, without what is up to each node: names, random numbers, and the
/// words of an `ERROR`. A block goes by its hash.
fn summary<B: AsBlock>(message: &Message<B>) -> String {
    match message {
        Message::Block(block) if block.form() == BlockForm::Whole => {
            format!("BLOCK {}", block.as_block().hash)
        }
        Message::Hello(_) => String::from("HELLO"),
        Message::Status(_) => String::from("STATUS"),
        Message::Help => String::from("HELP"),
        Message::Error(report) => format!("ERROR {}", report.code),
        other => without_newline(&encode(other)),
    }
}
