//! A node in a process of its own, as people run it.
//!
//! Owns the process: it is started from the program that measures, and ended with this value,
//! however the measurement ends. What is read of its memory and time is what the system says.

use std::io::{BufRead, BufReader, Write};
use std::net::{AddrParseError, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::{BenchError, now};
use tempfile::TempDir;

/// How long a node may take to listen, and to end.
const DEADLINE: Duration = Duration::from_secs(60);

/// Processes that were started and have not ended; none where no more may be started.
static RUNNING: Mutex<Option<Vec<u32>>> = Mutex::new(Some(Vec::new()));

/// Ends every node that was started here, at once, and lets none be started any more. For a
/// handler of signals.
pub fn kill_all() {
    for process in running().take().unwrap_or_default() {
        signal(process, true);
    }
}

fn running() -> MutexGuard<'static, Option<Vec<u32>>> {
    // The list is whole between any two statements that change it.
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a process and notes it, with nothing in between that a signal could come into.
fn spawn(command: &mut Command) -> Result<Child, BenchError> {
    let mut running = running();
    let Some(running) = running.as_mut() else {
        return Err(BenchError::node("is not started any more"));
    };
    let child = command.spawn().map_err(BenchError::system("starting a node"))?;
    running.push(child.id());
    Ok(child)
}

/// A running node.
pub struct NodeProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    address: SocketAddr,
    api: Option<SocketAddr>,
    started: Instant,
    listening: Instant,
    /// What the thread that reads its output tells; it ends with the output.
    heard: mpsc::Receiver<Heard>,
    /// Where it says how it is reached, so that nothing is left behind when it is killed.
    _runtime_directory: TempDir,
}

/// Where a node said that it listens, and when.
type Heard = (Result<SocketAddr, AddrParseError>, Instant);

impl NodeProcess {
    /// Starts a node on a free port of loopback and waits until it listens. `storage` is its data
    /// directory; without one it keeps everything in memory.
    ///
    /// # Errors
    /// Where there is no process, or it does not listen in time.
    pub fn start(storage: Option<&Path>, options: &[&str]) -> Result<Self, BenchError> {
        Self::spawn(storage, "off", options)
    }

    /// Starts a node that keeps everything in memory and has a local API, and waits for both.
    ///
    /// # Errors
    /// Where there is no process, or it does not listen in time.
    pub fn start_with_api(options: &[&str]) -> Result<Self, BenchError> {
        Self::spawn(None, "127.0.0.1:0", options)
    }

    /// Starts a node over this data directory that has a local API, and waits for both.
    ///
    /// # Errors
    /// Where there is no process, or it does not listen in time.
    pub fn start_stored_with_api(storage: &Path, options: &[&str]) -> Result<Self, BenchError> {
        Self::spawn(Some(storage), "127.0.0.1:0", options)
    }

    fn spawn(storage: Option<&Path>, http: &str, options: &[&str]) -> Result<Self, BenchError> {
        let system = BenchError::system;
        let program = std::env::current_exe().map_err(system("finding this program"))?;
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0", "--http", http, "--miner-threads", "1"]);
        match storage {
            Some(directory) => command.arg("--data-dir").arg(directory),
            None => command.arg("--ephemeral"),
        };
        command.args(options);
        let directory = tempfile::tempdir().map_err(system("making a directory"))?;
        command.env("XDG_RUNTIME_DIR", directory.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let started = now();
        let (tell, heard) = mpsc::sync_channel(2);
        let mut child = spawn(&mut command)?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        // Dropped from here on, so that nothing is left behind.
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (api, listening) = (None, started);
        let _runtime_directory = directory;
        let mut node =
            Self { child, stdin, address, api, started, listening, heard, _runtime_directory };
        if let Some(stdout) = stdout {
            // Whatever else it prints is read and dropped: a node must not wait for us.
            let read = move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let api = line.strip_prefix("Local API on http://");
                    if let Some(address) = line.strip_prefix("Listening on ").or(api) {
                        let _ = tell.try_send((address.parse(), now()));
                    }
                }
            };
            let thread = std::thread::Builder::new().name("node output".to_owned());
            thread.spawn(read).map_err(system("starting a thread"))?;
        }
        (node.address, node.listening) = node.hear()?;
        if http != "off" {
            node.api = Some(node.hear()?.0);
        }
        Ok(node)
    }

    /// The next address that it says it listens on, and when it said so.
    fn hear(&self) -> Result<(SocketAddr, Instant), BenchError> {
        match self.heard.recv_timeout(DEADLINE) {
            Ok((Ok(address), at)) => Ok((address, at)),
            _ => Err(BenchError::node("did not listen")),
        }
    }

    /// Where it takes connections.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its local API answers, if it was started with one.
    #[must_use]
    pub fn api(&self) -> Option<SocketAddr> {
        self.api
    }

    /// When its process was started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// From its start until it said that it listens.
    #[must_use]
    pub fn time_to_listen(&self) -> Duration {
        self.listening.duration_since(self.started)
    }

    /// Types a line into it.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn say(&mut self, line: &str) -> Result<(), BenchError> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        writeln!(stdin, "{line}").map_err(BenchError::system("typing a line"))
    }

    /// What its process has used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    ///
    /// # Errors
    /// Where it does not end in time, or not well.
    pub fn stop(mut self) -> Result<(), BenchError> {
        if cfg!(unix) {
            signal(self.child.id(), false);
        } else {
            // There is no way to ask; the store holds every commit all the same.
            let _ = self.child.kill();
        }
        // Its output ends with the process.
        if self.heard.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            return Err(BenchError::node("did not end when asked to"));
        }
        let status = self.child.wait().map_err(BenchError::system("waiting for a node"))?;
        match status.success() || !cfg!(unix) {
            true => Ok(()),
            false => Err(BenchError::Node(format!("ended with {status}"))),
        }
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        // One that has ended already is gone, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(running) = running().as_mut() {
            running.retain(|process| *process != self.child.id());
        }
    }
}

#[cfg(unix)]
fn signal(process: u32, at_once: bool) {
    use nix::sys::signal::{Signal, kill};
    if let Ok(process) = i32::try_from(process) {
        let signal = if at_once { Signal::SIGKILL } else { Signal::SIGTERM };
        // Where this fails, it has ended already.
        let _ = kill(nix::unistd::Pid::from_raw(process), signal);
    }
}

/// Elsewhere a process can only be killed by its owner, which happens when it is dropped.
#[cfg(not(unix))]
fn signal(_: u32, _: bool) {}

/// What a process has used. Only Linux tells; elsewhere everything is zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Memory now, in KiB.
    pub resident_kib: u64,
    /// Most memory at any time, in KiB.
    pub peak_kib: u64,
    /// Time on processors, in the program and in the system for it.
    pub processor: Duration,
    /// Bytes that it had the system write to the disk.
    pub written_bytes: u64,
}

impl Usage {
    pub(crate) fn of(process: u32) -> Self {
        let read = |name: &str| {
            std::fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default()
        };
        let status = read("status");
        let kib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        Self {
            resident_kib: kib("VmRSS:"),
            peak_kib: kib("VmHWM:"),
            processor: processor_time(&read("stat")),
            written_bytes: written_bytes(&read("io")),
        }
    }
}

/// `write_bytes` of `/proc/PID/io`. Source: proc(5).
fn written_bytes(io: &str) -> u64 {
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes:"));
    line.and_then(|number| number.trim_ascii().parse().ok()).unwrap_or(0)
}

/// User and system time of `/proc/PID/stat`, which counts in hundredths of a second on every
/// platform that Linux runs on today. Source: proc(5), fields 14 and 15.
fn processor_time(stat: &str) -> Duration {
    // The name of the program, in parentheses, may hold anything.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    Duration::from_millis(10 * ticks.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_whatever_the_program_is_called() {
        let stat = "7 (a) 1 (b) S 1 7 7 0 -1 4194304 100 0 0 0 123 45 0 0 20 0 9 0 1 1 1";
        assert_eq!(processor_time(stat), Duration::from_millis(1_680));
        assert_eq!(processor_time(""), Duration::ZERO);
    }
}
