//! A peer that asks a node what it has.
//!
//! Owns one connection, in the original dialect unless it introduces itself, over which a measurement learns what a node has
//! accepted and what is durable. It speaks only when it asks, and reads whole lines.

use std::io::BufRead;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use kusari_chain::params::CLASSIC_CHAIN;
use kusari_chain::{BestPoint, Block, BlockHash};
use kusari_node::wire::{self, Hello, InstanceId, Message};

use super::line_client::LineClient;
use super::{BenchError, now};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long between two questions while something is waited for: short against what is measured,
/// and long against what a question costs.
const PAUSE: Duration = Duration::from_millis(2);

/// The connection.
pub struct Observer(LineClient);

impl Observer {
    /// Connects to a node.
    ///
    /// # Errors
    /// Where the connection is refused.
    pub fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let client = LineClient::connect(address, DEADLINE);
        client.map(Self).map_err(BenchError::system("connecting to a node"))
    }

    /// Introduces itself on the classic chain: from then on it is sent announcements in place of blocks.
    ///
    /// # Errors
    /// Where the node is gone.
    pub fn introduce(&mut self) -> Result<(), BenchError> {
        let genesis = BestPoint::genesis();
        let hello = Message::<Block>::Hello(Hello {
            agent: "kusari-bench".to_string(),
            protocol: 1,
            chain: CLASSIC_CHAIN.to_string(),
            height: genesis.height,
            work: genesis.work,
            tip: genesis.hash,
            listen: None,
            id: InstanceId(u64::from(std::process::id())),
            time: None,
        });
        self.send(&wire::encode(&hello))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// Where the node is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), BenchError> {
        self.0.send(bytes).map_err(BenchError::system("asking a node"))
    }

    /// The connection once more, for a thread that writes beside the one that reads.
    ///
    /// # Errors
    /// Where the system has no more of them.
    pub fn stream(&self) -> std::io::Result<TcpStream> {
        self.0.stream().try_clone()
    }

    /// The next line, with its newline.
    ///
    /// # Errors
    /// Where the node is gone, or says nothing for a minute.
    pub fn line(&mut self) -> Result<&[u8], BenchError> {
        match self.0.line().map_err(BenchError::system("hearing a node"))? {
            [] => Err(BenchError::node("closed the connection")),
            line => Ok(line),
        }
    }

    /// Asks for the whole chain and reads so many lines of the answer.
    ///
    /// # Errors
    /// Where the node is gone, or has fewer.
    pub fn read_chain(&mut self, blocks: u32) -> Result<(), BenchError> {
        self.send(b"GET_CHAIN\n")?;
        let mut lines = 0;
        while lines < blocks {
            let bytes = self.0.reader().fill_buf().map_err(BenchError::system("hearing a node"))?;
            let (count, ends) = (bytes.len(), bytes.iter().filter(|byte| **byte == b'\n').count());
            if count == 0 {
                return Err(BenchError::node("closed the connection"));
            }
            lines += u32::try_from(ends).unwrap_or(u32::MAX);
            self.0.reader().consume(count);
        }
        Ok(())
    }

    /// Asks until the node has accepted a best chain of this height, and until it is durable.
    /// Returns when that was known.
    ///
    /// # Errors
    /// Where the node is gone, or has not got there by the deadline.
    pub fn wait_for_height(
        &mut self,
        height: u32,
        before_tip: BlockHash,
        deadline: Instant,
    ) -> Result<Instant, BenchError> {
        while self.height()? < height {
            if now() > deadline {
                return Err(BenchError::Node(format!("did not reach height {height} in time")));
            }
            std::thread::park_timeout(PAUSE);
        }
        // Stored blocks are sent once everything that was accepted before the question is durable.
        let question = format!("GET_BLOCKS:{{\"locator\":[\"{before_tip}\"],\"limit\":1}}\n");
        self.send(question.as_bytes())?;
        while !self.line()?.starts_with(b"END:") {}
        Ok(now())
    }

    fn height(&mut self) -> Result<u32, BenchError> {
        self.send(b"STATUS\n")?;
        loop {
            let line = self.line()?;
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if let Ok(Message::Status(status)) = wire::receive(line) {
                return Ok(status.height);
            }
        }
    }
}
