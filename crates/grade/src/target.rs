//! The target under test: what every check needs of it, and what is known of it so far.

use std::collections::HashSet;
use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use kusari_chain::{Block, BlockHash};

use super::answer::{Answer, read_block};
use super::connection::{Connection, Heard, Patience, now};
use super::introduced::hello::{self, Claim};
use super::mining;
use super::report::{Evidence, Failure, Step, Verdict, broken, verdict};
use super::transcript::Kept;

/// How long a target that does not end an answered connection must be quiet to be done.
const QUIET: Duration = Duration::from_millis(300);
/// Orphans of the storm: some more than the bound of our own node, 256.
const ORPHANS: u32 = 300;

pub(super) struct TargetUnderTest {
    pub(super) address: SocketAddr,
    pub(super) patience: Patience,
    /// The best chain as the target last gave it, without genesis.
    chain: Vec<Block>,
    ends_at_half_close: bool,
    orphans: Orphans,
    /// Names blocks and nodes.
    count: u64,
}

enum Orphans {
    Unmined,
    Begun(JoinHandle<Vec<Block>>),
    Mined(Vec<Block>),
}

impl TargetUnderTest {
    /// Connects for the first time, and reads the chain there is.
    pub(super) fn reach(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let patience = Patience::new(patience);
        Connection::open(address, &patience)?;
        let mut target = Self {
            address,
            patience,
            chain: Vec::new(),
            ends_at_half_close: true,
            orphans: Orphans::Unmined,
            count: 0,
        };
        if let Ok(answer) = target.ask_chain() {
            target.ends_at_half_close = answer.end == Heard::End;
            target.chain = answer.blocks();
        }
        Ok(target)
    }

    pub(super) fn chain(&self) -> &[Block] {
        &self.chain
    }

    /// Waits until the target gives its chain, whatever the check before it left, and reads it. A target that
    /// was busy or full a moment ago has as long as for any answer; one that is gone is not waited for.
    pub(super) fn wait_until_alive(&mut self) -> Result<(), Failure> {
        let deadline = now() + self.patience.current();
        loop {
            let got = match Connection::open(self.address, &self.patience) {
                Ok(mut connection) => {
                    connection.send("GET_CHAIN\n");
                    let answer = self.collect(&mut connection);
                    let blocks = answer.blocks();
                    // Of a chain without blocks the answer is empty as well.
                    if !blocks.is_empty() || self.chain.is_empty() {
                        self.chain = blocks;
                        return Ok(());
                    }
                    answer.last()
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    let shown = Evidence::new("a connection", error);
                    return Err(Failure::Untried("the target is gone", shown));
                }
                Err(error) => error.to_string(),
            };
            if now() >= deadline {
                let shown = Evidence::new("GET_CHAIN", got);
                return Err(Failure::Untried("the target no longer answers GET_CHAIN", shown));
            }
        }
    }

    /// Whether the target still takes connections after what was done.
    pub(super) fn still_takes_connections(&self, done: Evidence) -> Verdict {
        match Connection::open(self.address, &self.patience) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                broken(done.sent, format!("{}, and then the end of the target: {error}", done.got))
            }
            _ => Ok(done),
        }
    }

    /// Reads the chain again.
    pub(super) fn look_again(&mut self) {
        if let Ok(answer) = self.ask_chain() {
            self.chain = answer.blocks();
        }
    }

    pub(super) fn tip(&self) -> Block {
        self.chain.last().cloned().unwrap_or_else(Block::genesis)
    }

    /// A number that no block or node of this run has had.
    pub(super) fn number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Blocks on the tip, which are not sent.
    pub(super) fn mine(&mut self, count: usize) -> Vec<Block> {
        self.mine_on(&self.tip(), count)
    }

    pub(super) fn mine_on(&mut self, parent: &Block, count: usize) -> Vec<Block> {
        let data = format!("graded {}", self.number());
        mining::mine_many(parent, &data, count)
    }

    pub(super) fn mine_one(&mut self) -> Block {
        let data = format!("graded {}", self.number());
        mining::mine(&self.tip(), &data)
    }

    /// They need no parent, so they can be mined while other checks wait.
    pub(super) fn begin_to_mine_orphans(&mut self) {
        if let Orphans::Unmined = self.orphans {
            self.orphans = Orphans::Begun(mining::orphans(ORPHANS));
        }
    }

    /// Blocks whose parents are unknown, the same each time.
    pub(super) fn orphans(&mut self) -> Vec<Block> {
        self.begin_to_mine_orphans();
        let mined = match std::mem::replace(&mut self.orphans, Orphans::Unmined) {
            Orphans::Begun(mining) => mining.join().unwrap_or_default(),
            Orphans::Mined(blocks) => blocks,
            Orphans::Unmined => Vec::new(),
        };
        self.orphans = Orphans::Mined(mined.clone());
        mined
    }

    pub(super) fn connect(&self) -> Result<Connection, Evidence> {
        Connection::open(self.address, &self.patience)
            .map_err(|error| Evidence::new("a connection", error))
    }

    /// A connection of its own over which bytes were sent.
    pub(super) fn say(&self, bytes: impl AsRef<[u8]>) -> Result<Connection, Evidence> {
        let mut connection = self.connect()?;
        connection.send(bytes);
        Ok(connection)
    }

    /// Everything that still comes on a connection on which nothing more is sent.
    pub(super) fn collect(&self, connection: &mut Connection) -> Answer {
        connection.finish();
        let deadline = now() + self.patience.current() * 3;
        let mut lines = Kept::default();
        loop {
            let patience = self.patience.current();
            let time = if self.ends_at_half_close { patience } else { patience.min(QUIET) };
            let heard = connection.hear_within(time);
            if self.ends_at_half_close || lines.is_empty() {
                self.patience.note(&heard);
            }
            match heard {
                Heard::Line(line) => {
                    if now() >= deadline || lines.push(line).is_err() {
                        return Answer { lines, end: Heard::Silence(patience) };
                    }
                }
                end => return Answer { lines, end },
            }
        }
    }

    /// Asks for the chain over a connection of its own.
    pub(super) fn ask_chain(&self) -> Result<Answer, Evidence> {
        self.exchange("GET_CHAIN\n")
    }

    /// Sends bytes over a connection of their own, and hears everything that comes back.
    pub(super) fn exchange(&self, bytes: impl AsRef<[u8]>) -> Result<Answer, Evidence> {
        Ok(self.collect(&mut self.say(bytes)?))
    }

    /// Sends bytes, `GET_CHAIN` behind them, and gives the whole answer.
    fn exchange_and_look(&self, bytes: &[u8]) -> Result<Answer, Evidence> {
        self.exchange([bytes, b"GET_CHAIN\n"].concat())
    }

    /// Sends lines after which the best chain must end with `blocks`, in this order.
    pub(super) fn offer(&mut self, sent: impl AsRef<[u8]>, blocks: &[Block]) -> Verdict {
        let bytes = sent.as_ref();
        let sent = String::from_utf8_lossy(bytes).into_owned();
        let answer = self.exchange_and_look(bytes)?;
        let chain = answer.blocks();
        if ends_with(&chain, blocks) {
            self.chain = chain;
            return Ok(Evidence::new(sent, answer.last()));
        }
        // A node that checks blocks beside reading lines may answer before it has taken them. A
        // connection that spoke hears of it.
        self.joined(&sent, blocks)
    }

    /// Whether the best chain ends with these blocks, which were sent over another connection.
    pub(super) fn joined(&mut self, sent: &str, blocks: &[Block]) -> Verdict {
        let Some(last) = blocks.last() else { return Ok(Evidence::default()) };
        self.wait_until_joined(last);
        let answer = self.ask_chain()?;
        let chain = answer.blocks();
        let holds = ends_with(&chain, blocks);
        if holds {
            self.chain = chain;
        }
        verdict(holds, sent, format!("{} at the end of the answer to GET_CHAIN", answer.last()))
    }

    /// Brings these blocks in canonical form, to go on from there.
    pub(super) fn bring(&mut self, blocks: &[Block]) -> Verdict {
        self.offer(mining::lines(blocks), blocks).or_untried("it does not take valid blocks")
    }

    /// Brings one new block on the tip, to go on from there.
    pub(super) fn bring_one(&mut self) -> Result<Block, Failure> {
        let block = self.mine_one();
        self.bring(std::slice::from_ref(&block))?;
        Ok(block)
    }

    /// Waits until the block is in the answer to `GET_CHAIN` or passed on after it.
    fn wait_until_joined(&self, block: &Block) {
        if let Ok(mut connection) = self.say("GET_CHAIN\n") {
            let _ = connection.wait_for(|line| is_block(line, &block.hash));
        }
    }

    /// Sends bytes that must leave the best chain as it is.
    pub(super) fn refused(&mut self, bytes: impl AsRef<[u8]>) -> Verdict {
        let bytes = bytes.as_ref();
        let sent = String::from_utf8_lossy(bytes).into_owned();
        let first = self.exchange_and_look(bytes)?;
        let said = first.lines.iter().find(|line| !line.starts_with("BLOCK:"));
        let got = said.map_or("no word of it", |line| line).to_owned();
        if same(&first.blocks(), &self.chain) {
            return Ok(Evidence::new(sent, got));
        }
        // It may have closed that connection, which is its right.
        self.unchanged(&sent, &got)
    }

    /// Whether the best chain is still what it was.
    pub(super) fn unchanged(&mut self, sent: &str, got: &str) -> Verdict {
        let answer = self.ask_chain()?;
        let chain = answer.blocks();
        if same(&chain, &self.chain) {
            return Ok(Evidence::new(sent, got));
        }
        let known: HashSet<BlockHash> = self.chain.iter().map(|block| block.hash).collect();
        let foreign = chain.iter().find(|block| !known.contains(&block.hash));
        let got = match foreign {
            Some(block) => {
                format!("{}… in another connection's GET_CHAIN", start_of(&mining::line(block)))
            }
            None => format!("{} in another connection's GET_CHAIN", answer.last()),
        };
        broken(sent, got)
    }

    /// A connection that asked for the chain and heard the answer: what comes next is gossip.
    pub(super) fn listener(&mut self) -> Result<Connection, Failure> {
        self.listener_after("")
    }

    /// The same, for one whose first words are others.
    pub(super) fn listener_after(&mut self, first: &str) -> Result<Connection, Failure> {
        // An original gives a block as often as it came.
        let lines = self.ask_chain()?.blocks_as_they_came().len();
        let mut connection = self.say(format!("{first}GET_CHAIN\n"))?;
        for _ in 0..lines {
            connection
                .want("GET_CHAIN", |line| line.starts_with("BLOCK:"))
                .or_untried("it does not answer GET_CHAIN")?;
        }
        Ok(connection)
    }

    /// An id for a node that the kit plays.
    pub(super) fn node_id(&mut self) -> u64 {
        (u64::from(std::process::id()) << 32) + self.number()
    }

    /// A connection that introduced itself with this claim and was answered.
    pub(super) fn introduce(&mut self, claim: &Claim) -> Result<Connection, Failure> {
        let line = hello::line(claim, self.node_id());
        let mut connection = self.say(&line)?;
        match connection.hear() {
            Heard::Line(answer) if answer.starts_with("HELLO:") => Ok(connection),
            other => broken(line, other).or_untried("it does not answer HELLO"),
        }
    }

    /// A connection that introduced itself as having what the target has.
    pub(super) fn introduce_as_equal(&mut self) -> Result<Connection, Failure> {
        self.introduce(&Claim::of(&self.tip()))
    }
}

/// Whether a line is this block, as far as its hash tells.
pub(super) fn is_block(line: &str, hash: &BlockHash) -> bool {
    read_block(line).is_some_and(|block| block.hash == *hash)
}

/// As much of a line as tells one block from another.
pub(super) fn start_of(line: &str) -> String {
    line.chars().take(100).collect()
}

fn same(one: &[Block], other: &[Block]) -> bool {
    one.iter().map(|block| block.hash).eq(other.iter().map(|block| block.hash))
}

fn ends_with(chain: &[Block], blocks: &[Block]) -> bool {
    chain.len() >= blocks.len() && same(&chain[chain.len() - blocks.len()..], blocks)
}
