//! People who look on: streams of events that are held open, and reads of the local API at a steady pace.
//!
//! Owns the connections, all of them on one thread, and what is counted of them. It shares the machine
//! with what is measured, so that what it takes itself is part of the figures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

use crate::{BenchError, now};

/// Connections that reads share.
const READERS: usize = 32;
/// What is read in turn: what a page that is open asks for.
const READS: [&str; 3] = ["/v1/status", "/v1/headers?from=0&limit=20", "/v1/peers"];
/// Bytes that are taken from a connection at once.
const READ_BYTES: usize = 16 * 1024;
/// How long all of them may take to come.
const DEADLINE: Duration = Duration::from_secs(60);

/// Those who look on at one node, until this is dropped.
pub(super) struct Audience {
    counts: Arc<Counts>,
    began: Instant,
    gone: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    streams: AtomicU64,
    reads: AtomicU64,
    faults: AtomicU64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct AudienceFigures {
    /// Streams of events that were open.
    pub streams: u64,
    /// Reads that were answered in a second.
    pub reads_per_second: u64,
    /// Reads and streams that came to nothing.
    pub faults: u64,
}

impl Audience {
    /// Opens so many streams, begins so many reads a second, and returns once all streams are open.
    pub(super) fn gather(
        api: SocketAddr,
        streams: usize,
        reads_per_second: u32,
    ) -> Result<Self, BenchError> {
        kusari_runtime::open_files::raised();
        let system = BenchError::system;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(system("starting a thread"))?;
        let (counts, gone) = (Arc::<Counts>::default(), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&counts), Arc::clone(&gone));
        let thread = std::thread::Builder::new().name("audience".to_owned());
        let look_on = async move {
            for _ in 0..streams {
                tokio::spawn(listen(api, Arc::clone(&counted)));
            }
            let pause = Duration::from_secs(READERS as u64) / reads_per_second.max(1);
            for reader in 0..READERS {
                tokio::spawn(read(api, reader, pause, Arc::clone(&counted)));
            }
            let mut looks = interval(Duration::from_millis(50));
            while !ended.load(Ordering::Relaxed) {
                looks.tick().await;
            }
        };
        let thread = thread.spawn(move || runtime.block_on(look_on));
        let thread = Some(thread.map_err(system("starting a thread"))?);
        let mut audience = Self { counts, began: now(), gone, thread };
        let deadline = now() + DEADLINE;
        while audience.counts.streams.load(Ordering::Relaxed) < streams as u64 {
            if now() > deadline {
                return Err(BenchError::node("did not take so many streams"));
            }
            super::watcher::pause(Duration::from_millis(20));
        }
        audience.counts.reads.store(0, Ordering::Relaxed);
        audience.began = now();
        Ok(audience)
    }

    /// What was counted since all streams were open.
    pub(super) fn figures(&self) -> AudienceFigures {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        let reads = self.counts.reads.load(Ordering::Relaxed) as f64 / seconds;
        AudienceFigures {
            streams: self.counts.streams.load(Ordering::Relaxed),
            reads_per_second: reads.round() as u64,
            faults: self.counts.faults.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Audience {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing left to end.
            let _ = thread.join();
        }
    }
}

/// Listens to events until the node or the audience goes.
async fn listen(api: SocketAddr, counts: Arc<Counts>) {
    let listened = async {
        let mut stream = TcpStream::connect(api).await?;
        let request = format!("GET /v1/events HTTP/1.1\r\nHost: {api}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = vec![0; READ_BYTES];
        let mut open = false;
        loop {
            let count = stream.read(&mut bytes).await?;
            if count == 0 || (!open && !bytes.starts_with(b"HTTP/1.1 200")) {
                return std::io::Result::Ok(());
            }
            if !std::mem::replace(&mut open, true) {
                counts.streams.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let _ = listened.await;
    counts.faults.fetch_add(1, Ordering::Relaxed);
}

/// Reads at a steady pace over one connection until the node or the audience goes.
async fn read(api: SocketAddr, reader: usize, pause: Duration, counts: Arc<Counts>) {
    let reading = async {
        let mut stream = TcpStream::connect(api).await?;
        let mut ticks = interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for number in reader.. {
            ticks.tick().await;
            let path = READS.get(number % READS.len()).copied().unwrap_or_default();
            let request = format!("GET {path} HTTP/1.1\r\nHost: {api}\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            if !answered(&mut stream).await? {
                break;
            }
            counts.reads.fetch_add(1, Ordering::Relaxed);
        }
        std::io::Result::Ok(())
    };
    let _ = reading.await;
    counts.faults.fetch_add(1, Ordering::Relaxed);
}

/// Takes one answer. Says whether it is a good one.
async fn answered(stream: &mut TcpStream) -> std::io::Result<bool> {
    let (mut taken, mut whole) = (Vec::with_capacity(READ_BYTES), usize::MAX);
    while taken.len() < whole {
        if stream.read_buf(&mut taken).await? == 0 {
            return Ok(false);
        }
        if whole == usize::MAX {
            whole = length(&taken).unwrap_or(usize::MAX);
        }
    }
    Ok(taken.starts_with(b"HTTP/1.1 200"))
}

/// Length of an answer, its head included, once the head is there.
fn length(taken: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(taken).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let body = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head.len() + 4 + body.parse::<usize>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_its_head_says() {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: x\r\ncontent-length: 5\r\n\r\n";
        assert_eq!(length(format!("{head}abc").as_bytes()), Some(head.len() + 5));
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"), None);
        assert_eq!(length(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }
}
