//! One connection to the target: bytes out, lines in, and no wait without a deadline.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use super::report::Evidence;

/// Longest `BLOCK` line that is taken from the target, in bytes: as long as any that may be sent.
/// Source: protocol, section 3.
const MAX_BLOCK_LINE: usize = 8 * 1024 * 1024;
/// Longest other line.
const MAX_LINE: usize = 1024 * 1024;
/// Bytes read at once.
const READ_BYTES: usize = 64 * 1024;
/// Waits in vain in a row after which the target is waited for a shorter time.
const FORGIVEN: u32 = 3;
/// How much shorter.
const HASTE: u32 = 10;
/// How many times the full patience one connection is listened to, whatever drips in: twice what
/// the most patient check takes.
const LIFE: u32 = 12;

#[expect(clippy::disallowed_methods, reason = "deadlines of sockets are in real time")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// How long to wait for what the target owes, shared by all connections.
#[derive(Clone, Debug)]
pub(super) struct Patience {
    full: Duration,
    in_vain: Arc<AtomicU32>,
}

impl Patience {
    pub(super) fn new(full: Duration) -> Self {
        Self { full, in_vain: Arc::default() }
    }

    /// Full patience, or little with a target that said nothing several times in a row: otherwise a
    /// silent one would take as many waits as there are checks.
    pub(super) fn current(&self) -> Duration {
        if self.is_lost() { self.full / HASTE } else { self.full }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.in_vain.load(Ordering::Relaxed) >= FORGIVEN
    }

    /// Takes account of what came of a wait.
    pub(super) fn note(&self, heard: &Heard) {
        match heard {
            Heard::Line(_) => self.in_vain.store(0, Ordering::Relaxed),
            Heard::Silence(_) => {
                self.in_vain.fetch_add(1, Ordering::Relaxed);
            }
            Heard::End => {}
        }
    }
}

/// What came next on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its newline; what is not UTF-8 is replaced.
    Line(String),
    /// Nothing, for this long.
    Silence(Duration),
    /// The connection was closed.
    End,
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => f.write_str(line),
            Self::Silence(time) => write!(f, "nothing within {:.1} s", time.as_secs_f64()),
            Self::End => f.write_str("the end of the connection"),
        }
    }
}

pub(super) struct Connection {
    stream: TcpStream,
    bytes: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    ended: bool,
    patience: Patience,
    /// When nothing more is listened to.
    end_of_life: Instant,
}

impl Connection {
    pub(super) fn open(target: SocketAddr, patience: &Patience) -> io::Result<Self> {
        Self::over(TcpStream::connect_timeout(&target, patience.current())?, patience)
    }

    /// A connection that the system buffers as little for as it can, so that it is soon full.
    pub(super) fn open_narrowly(target: SocketAddr, patience: &Patience) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(target), Type::STREAM, None)?;
        socket.set_recv_buffer_size(1)?;
        socket.connect_timeout(&target.into(), patience.current())?;
        Self::over(socket.into(), patience)
    }

    fn over(stream: TcpStream, patience: &Patience) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(patience.current()))?;
        let (bytes, start) = (Vec::new(), 0);
        let end_of_life = now() + patience.full * LIFE;
        Ok(Self { stream, bytes, start, ended: false, patience: patience.clone(), end_of_life })
    }

    /// Writes, and says whether the target took it. What it does not take is no fault by itself.
    pub(super) fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Writes without patience: a part of it may be taken, or nothing.
    pub(super) fn push(&mut self, bytes: &[u8], within: Duration) -> bool {
        self.stream.set_write_timeout(Some(within)).is_ok() && self.send(bytes)
    }

    /// Sends nothing more.
    pub(super) fn finish(&mut self) {
        // Where it is closed already, the end will be heard.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// The next line, within the patience there is.
    pub(super) fn hear(&mut self) -> Heard {
        let heard = self.hear_within(self.patience.current());
        self.patience.note(&heard);
        heard
    }

    /// The next line, within a time that the target owes nothing in.
    pub(super) fn hear_within(&mut self, time: Duration) -> Heard {
        let deadline = (now() + time).min(self.end_of_life);
        let mut scanned = self.start;
        loop {
            let is_dead = now() >= self.end_of_life;
            let newline = self.bytes[scanned..].iter().position(|&byte| byte == b'\n');
            if let Some(place) = newline.filter(|_| !is_dead) {
                let line = &self.bytes[self.start..scanned + place];
                let line = String::from_utf8_lossy(line).into_owned();
                self.start = scanned + place + 1;
                return Heard::Line(line);
            }
            self.bytes.drain(..self.start);
            self.start = 0;
            scanned = self.bytes.len();
            let left = deadline.saturating_duration_since(now());
            let longest = if self.bytes.starts_with(b"BLOCK:") { MAX_BLOCK_LINE } else { MAX_LINE };
            if self.ended || scanned > longest {
                return Heard::End;
            }
            if left.is_zero() {
                return Heard::Silence(time);
            }
            if !self.read(left) {
                return Heard::Silence(time);
            }
        }
    }

    /// Reads what there is; `false` where nothing came in time.
    fn read(&mut self, within: Duration) -> bool {
        // Zero would mean for ever.
        let within = within.max(Duration::from_millis(1));
        if self.stream.set_read_timeout(Some(within)).is_err() {
            self.ended = true;
            return true;
        }
        let old = self.bytes.len();
        self.bytes.resize(old + READ_BYTES, 0);
        let result = self.stream.read(&mut self.bytes[old..]);
        self.bytes.truncate(old + *result.as_ref().unwrap_or(&0));
        match result {
            Ok(0) => self.ended = true,
            Ok(_) => {}
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => return false,
                io::ErrorKind::Interrupted => {}
                // A reset is an end like any other.
                _ => self.ended = true,
            },
        }
        true
    }

    /// Skips lines until one is wanted, which is what answers `sent`.
    pub(super) fn want(
        &mut self,
        sent: impl ToString,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, Evidence> {
        self.wait_for(wanted).map_err(|heard| Evidence::new(sent, heard))
    }

    /// Skips lines until one is wanted. `Err` tells what came instead of it.
    pub(super) fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String, Heard> {
        let deadline = now() + self.patience.current();
        let mut last = None;
        loop {
            let left = deadline.saturating_duration_since(now());
            let heard = self.hear_within(left);
            self.patience.note(&heard);
            match heard {
                Heard::Line(line) if wanted(&line) => return Ok(line),
                Heard::Line(line) if !left.is_zero() => last = Some(line),
                Heard::Silence(_) => {
                    return Err(last.map_or(Heard::Silence(self.patience.current()), Heard::Line));
                }
                other => return Err(other),
            }
        }
    }
}
