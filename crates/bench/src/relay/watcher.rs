//! A connection in the original dialect that notes when blocks come over it.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use kusari_node::wire::LineFramer;

use super::stamped;
use crate::line_client::LineClient;
use crate::{BenchError, now};

/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;

/// How long a block may take to come.
const DEADLINE: Duration = Duration::from_secs(60);

/// The connection. It ends with this.
pub(super) struct Watcher {
    client: LineClient,
    arrivals: Receiver<(u32, Instant)>,
    bytes: Arc<AtomicU64>,
}

impl Watcher {
    /// Connects, and speaks first, so that the node tells it of every block.
    pub(super) fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        let system = BenchError::system;
        let mut client = open(address)?;
        stamped::prepare(client.stream()).map_err(system("asking for times of arrival"))?;
        // A peer that begins with `GET_CHAIN` may be an original, which is told of blocks more slowly.
        client.send(b"HELP\nGET_CHAIN\n").map_err(system("asking a node"))?;
        let share = || {
            // It waits for the next block, whenever that comes.
            client.stream().set_read_timeout(None)?;
            client.stream().try_clone()
        };
        let reading = share().map_err(system("sharing a connection"))?;
        let (arrived, arrivals) = channel();
        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes);
        let thread = std::thread::Builder::new().name("watcher".to_owned());
        thread
            .spawn(move || watch(&reading, &arrived, &counted))
            .map_err(system("starting a thread"))?;
        Ok(Self { client, arrivals, bytes })
    }

    /// When the block of this height came. Blocks below it that were not asked for are passed over.
    pub(super) fn arrival(&self, height: u32) -> Result<Instant, BenchError> {
        loop {
            match self.arrivals.recv_timeout(DEADLINE) {
                Ok((found, at)) if found == height => return Ok(at),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    return Err(BenchError::Node(format!("did not pass block {height} on")));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(BenchError::node("closed the connection"));
                }
            }
        }
    }

    /// Bytes that came over it so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It ends the thread that reads; where the node is gone, that has ended already.
        let _ = self.client.stream().shutdown(Shutdown::Both);
    }
}

fn watch(stream: &TcpStream, arrived: &Sender<(u32, Instant)>, bytes: &AtomicU64) {
    let mut framer = LineFramer::default();
    let mut read = vec![0; READ_BYTES];
    while let Ok((count @ 1.., at)) = stamped::read(stream, &mut read) {
        bytes.fetch_add(count as u64, Ordering::Relaxed);
        framer.push(&read[..count]);
        while let Ok(Some(line)) = framer.next_line() {
            if let Some(height) = height_of(line)
                && arrived.send((height, at)).is_err()
            {
                return;
            }
        }
    }
}

/// The height of a block's canonical line.
fn height_of(line: &[u8]) -> Option<u32> {
    let rest = line.strip_prefix(b"BLOCK:{\"index\":")?;
    let digits = rest.split(|byte| *byte == b',').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn open(address: SocketAddr) -> Result<LineClient, BenchError> {
    LineClient::connect(address, DEADLINE).map_err(BenchError::system("connecting to a node"))
}

/// A connection over which a node is handed blocks. The peer that gave a block is not told of it, so
/// nothing comes back.
pub(super) struct Submitter(LineClient);

impl Submitter {
    pub(super) fn connect(address: SocketAddr) -> Result<Self, BenchError> {
        open(address).map(Self)
    }

    /// Hands over a block, and returns when that began.
    pub(super) fn give(&mut self, line: &str) -> Result<Instant, BenchError> {
        let began = now();
        let given = self.0.send(line.as_bytes());
        given.map_err(BenchError::system("handing over a block"))?;
        Ok(began)
    }
}

/// Lets so much time pass.
pub(super) fn pause(time: Duration) {
    let until = now() + time;
    while let Some(left) = until.checked_duration_since(now()).filter(|left| !left.is_zero()) {
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_height_is_read_off_the_line_of_a_block_and_no_other() {
        let block = kusari_chain::Block { index: 77, ..kusari_chain::Block::genesis() };
        assert_eq!(height_of(super::super::blocks::line(&block).as_bytes()), Some(77));
        assert_eq!(height_of(b"HAVE:{\"hash\":\"00\",\"height\":77}\n"), None);
    }
}
