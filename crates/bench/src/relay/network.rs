//! Many nodes in a random network in which each has as many neighbours.
//!
//! Every node is watched as in the measurement of two. Blocks are handed to nodes drawn at random;
//! the time of a block counts from its arrival at the watcher of that node until its arrival at the
//! last watcher. What nodes sent one another is what they say they sent, without what the watchers
//! got. The least possible is one line of the block for each node but the first.

use std::num::NonZeroUsize;
use std::time::Duration;

use kusari_chain::Block;
use serde::Serialize;

use super::blocks::{Miner, line};
use super::graph::{Edges, place, regular};
use super::watcher::{Submitter, Watcher, pause};
use super::{Times, milliseconds_between};
use crate::process::NodeProcess;
use crate::{BenchError, now};
use kusari_api_types::PeerStage;
use kusari_client::{Client, ClientError};
use kusari_node::Random;

/// Text of the small blocks, in bytes: a line that a user types.
const SMALL_TEXT: usize = 40;
/// Text of the large blocks, in bytes: near the longest that a line may be.
const LARGE_TEXT: usize = 3_800;
/// How long the nodes may take to find one another, and to fall silent.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two blocks: longer than any announcement of the first one waits, so that none is saved by
/// the second.
const PAUSE: Duration = Duration::from_millis(300);
/// Nodes have fallen silent when nothing was sent for so long: longer than they wait for a block
/// that was announced to them.
const SILENCE: Duration = Duration::from_millis(600);

/// What is to be measured.
pub struct NetworkBench {
    /// Nodes.
    pub nodes: usize,
    /// Neighbours of each.
    pub degree: usize,
    /// Where the network, and who gets which block first, come from.
    pub seed: u64,
    /// Blocks of each size.
    pub blocks: u32,
    /// Threads that mine them beforehand.
    pub threads: NonZeroUsize,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct NetworkFigures {
    /// Nodes.
    pub nodes: usize,
    /// Neighbours of each.
    pub degree: usize,
    /// The seed of the network.
    pub seed: u64,
    /// Blocks with a text of 40 bytes.
    pub small: Flood,
    /// Blocks with a text of 3,800 bytes.
    pub large: Flood,
}

/// How blocks of one size went through the network.
#[derive(Debug, Serialize)]
pub struct Flood {
    /// Blocks that counted.
    pub blocks: u32,
    /// Length of a block's line.
    pub block_bytes: usize,
    /// Half of the blocks were at the last node by then, in milliseconds.
    pub median_ms: f64,
    /// Nine of ten were.
    pub p90_ms: f64,
    /// All were.
    pub max_ms: f64,
    /// What nodes sent one another for a block, in bytes.
    pub bytes_per_block: u64,
    /// The least that is possible.
    pub least_bytes_per_block: u64,
    /// How many times as much it was.
    pub times_least: f64,
    /// The same for the very first block of this size, which does not count above: it finds ways
    /// that later ones take.
    pub times_least_at_first: f64,
}

struct Member {
    node: NodeProcess,
    client: Client,
    watcher: Watcher,
}

/// The network while it runs.
struct Network {
    members: Vec<Member>,
    chance: Random,
    height: u32,
}

impl NetworkBench {
    /// Measures. `progress` is told how many blocks are mined.
    ///
    /// # Errors
    /// [`BenchError`] where there is no such network, or a node does not do its part.
    pub fn run(&self, progress: &mut dyn FnMut(u32)) -> Result<NetworkFigures, BenchError> {
        let mut chance = Random::new(self.seed);
        let edges = regular(self.nodes, self.degree, &mut chance).ok_or_else(|| {
            let Self { nodes, degree, .. } = self;
            BenchError::Node(format!("has no network: {nodes} nodes of {degree} neighbours"))
        })?;
        let mut miner = Miner::new(Block::genesis(), self.threads);
        let mut mined = 0;
        let mut lines = |text: usize| -> Vec<String> {
            let next = |_| {
                mined += 1;
                progress(mined);
                line(&miner.next(text))
            };
            (0..=self.blocks).map(next).collect()
        };
        let (small, large) = (lines(SMALL_TEXT), lines(LARGE_TEXT));
        let mut network = Network::start(self.nodes, &edges, chance)?;
        network.wait_until_introduced(self.degree)?;
        Ok(NetworkFigures {
            nodes: self.nodes,
            degree: self.degree,
            seed: self.seed,
            small: network.flood(&small)?,
            large: network.flood(&large)?,
        })
    }
}

impl Network {
    fn start(nodes: usize, edges: &Edges, chance: Random) -> Result<Self, BenchError> {
        let mut members: Vec<Member> = Vec::with_capacity(nodes);
        for number in 0..nodes {
            let neighbours = edges.iter().filter(|(_, later)| *later == number);
            let addresses: Vec<String> = neighbours
                .filter_map(|(earlier, _)| Some(members.get(*earlier)?.node.address().to_string()))
                .collect();
            let options: Vec<&str> =
                addresses.iter().flat_map(|address| ["--connect", address]).collect();
            let node = NodeProcess::start_with_api(&options)?;
            let api = node.api().map_or_else(String::new, |api| format!("http://{api}"));
            let client = Client::new(&api, None).map_err(unasked)?;
            let watcher = Watcher::connect(node.address())?;
            members.push(Member { node, client, watcher });
        }
        Ok(Self { members, chance, height: 0 })
    }

    fn wait_until_introduced(&self, degree: usize) -> Result<(), BenchError> {
        let deadline = now() + DEADLINE;
        for member in &self.members {
            loop {
                let peers = member.client.peers().map_err(unasked)?.peers;
                let introduced = peers.iter().filter(|peer| peer.stage == PeerStage::Introduced);
                if introduced.count() == degree {
                    break;
                }
                if now() > deadline {
                    return Err(BenchError::node("did not find its peers"));
                }
                pause(PAUSE);
            }
        }
        Ok(())
    }

    /// Lets blocks of one size go through the network, the first of them beforehand.
    fn flood(&mut self, lines: &[String]) -> Result<Flood, BenchError> {
        let (first, rest) = lines.split_at(lines.len().min(1));
        let start = self.quiet()?;
        for line in first {
            self.pass(line)?;
        }
        let learned = self.quiet()?;
        let times: Result<Vec<f64>, BenchError> = rest.iter().map(|line| self.pass(line)).collect();
        let times = Times::of(times?);
        let sent = self.quiet()? - learned;
        let count = rest.len().max(1) as u64;
        let receivers = self.members.len().saturating_sub(1) as u64;
        let least = rest.iter().map(|line| line.len() as u64 * receivers).sum::<u64>();
        let least_at_first = first.iter().map(|line| line.len() as u64 * receivers).sum::<u64>();
        Ok(Flood {
            blocks: u32::try_from(rest.len()).unwrap_or(u32::MAX),
            block_bytes: rest.last().map_or(0, String::len),
            median_ms: times.at(50),
            p90_ms: times.at(90),
            max_ms: times.at(100),
            bytes_per_block: sent / count,
            least_bytes_per_block: least / count,
            times_least: ratio(sent, least),
            times_least_at_first: ratio(learned - start, least_at_first),
        })
    }

    /// Hands a block to a node, and returns how long it took to the last one.
    fn pass(&mut self, line: &str) -> Result<f64, BenchError> {
        self.height += 1;
        let origin = place(&mut self.chance, self.members.len());
        let Some(first) = self.members.get(origin) else { return Ok(0.0) };
        let mut submitter = Submitter::connect(first.node.address())?;
        submitter.give(line)?;
        let left = first.watcher.arrival(self.height)?;
        let mut last = left;
        for (number, member) in self.members.iter().enumerate() {
            if number != origin {
                last = last.max(member.watcher.arrival(self.height)?);
            }
        }
        pause(PAUSE);
        drop(submitter);
        Ok(milliseconds_between(left, last))
    }

    /// Waits until nothing is sent any more, and returns what nodes have sent one another so far.
    fn quiet(&self) -> Result<u64, BenchError> {
        let deadline = now() + DEADLINE;
        let mut before = self.sent()?;
        loop {
            pause(SILENCE);
            let sent = self.sent()?;
            if sent == before {
                return Ok(sent);
            }
            if now() > deadline {
                return Err(BenchError::node("did not fall silent"));
            }
            before = sent;
        }
    }

    fn sent(&self) -> Result<u64, BenchError> {
        let mut sent = 0;
        for Member { client, watcher, .. } in &self.members {
            sent += client.status().map_err(unasked)?.bytes_sent.saturating_sub(watcher.bytes());
        }
        Ok(sent)
    }
}

fn ratio(sent: u64, least: u64) -> f64 {
    (sent as f64 / least as f64 * 100.0).round() / 100.0
}

fn unasked(error: ClientError) -> BenchError {
    BenchError::Node(format!("did not answer: {error}"))
}
