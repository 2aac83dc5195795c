//! A target that means the kit itself no good: it never ends what it says.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use kusari_chain::{Block, BlockHash};

/// Bytes of text in each block that it makes up.
const TEXT: usize = 4 << 20;
/// Blocks that it says on a connection, unless the kit goes away: more than 1 GiB.
const BLOCKS: u32 = 300;

/// Answers each connection with an introduction, and then with long blocks that nobody asked for.
pub(crate) struct Flood {
    pub(crate) address: SocketAddr,
    /// The process whose memory is watched.
    process: Arc<OnceLock<u32>>,
    peak: Arc<AtomicU64>,
}

impl Flood {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (process, peak) = (Arc::<OnceLock<u32>>::default(), Arc::<AtomicU64>::default());
        let watched = (Arc::clone(&process), Arc::clone(&peak));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (process, peak) = (Arc::clone(&watched.0), Arc::clone(&watched.1));
                let note = move || {
                    let kib = peak_kib(*process.wait());
                    peak.fetch_max(kib, Ordering::Relaxed);
                };
                let Ok(stream) = stream else { return };
                std::thread::spawn(move || flood(stream, note));
            }
        });
        Self { address, process, peak }
    }

    /// From now on the memory of this process is looked at before each block.
    pub(crate) fn watch(&self, process: u32) {
        self.process.set(process).unwrap();
    }

    /// The most memory that the process was seen to have, in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }
}

fn flood(mut stream: TcpStream, note: impl Fn()) {
    let hello = "HELLO:{\"agent\":\"flood\",\"protocol\":1}\n";
    let mut block = Block { data: "x".repeat(TEXT), hash: BlockHash::ZERO, ..Block::genesis() };
    let mut said = stream.write_all(hello.as_bytes());
    for index in 1..=BLOCKS {
        note();
        if said.is_err() {
            return;
        }
        block.index = index;
        block.hash.0[..4].copy_from_slice(&index.to_be_bytes());
        said = stream.write_all(format!("BLOCK:{}\n", block.to_canonical_json()).as_bytes());
    }
}

/// The most memory that a process has had; 0 once it has ended.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
