//! A node in a process of its own.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::blocks::Chain;
use super::{DEADLINE, Output};

/// How a node is to be started.
#[derive(Clone)]
pub(crate) struct Setup {
    name: String,
    args: Vec<String>,
    /// Removed when the last node that uses it is gone.
    home: Arc<TempDir>,
    /// Largest file that the process may write, in KiB.
    file_limit: Option<u32>,
}

impl Setup {
    /// A node that listens on a port of its own and keeps its data in a directory of its own.
    pub(crate) fn new(name: &str) -> Self {
        let setup = Self::bare(name);
        let directory = setup.directory();
        setup
            .args(["--listen", "127.0.0.1:0", "--miner-threads", "1"])
            .args(["--data-dir", directory.to_str().unwrap()])
    }

    /// A process without any argument, in a home directory of its own.
    pub(crate) fn bare(name: &str) -> Self {
        let home = Arc::new(TempDir::new().unwrap());
        Self { name: name.to_owned(), args: Vec::new(), home, file_limit: None }
    }

    pub(crate) fn args<'a>(mut self, args: impl IntoIterator<Item = &'a str>) -> Self {
        self.args.extend(args.into_iter().map(str::to_owned));
        self
    }

    pub(crate) fn connect(self, port: u16) -> Self {
        self.args(["--connect", &format!("127.0.0.1:{port}")])
    }

    /// Lets the process write no file beyond this many KiB, as if the disk were full.
    pub(crate) fn with_file_limit(mut self, kib: u32) -> Self {
        self.file_limit = Some(kib);
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.home().join("data")
    }

    /// The command, with pipes and without anything of the person who runs the tests.
    pub(crate) fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_kusari");
        let mut command = match self.file_limit {
            None => Command::new(program),
            Some(kib) => {
                // A shell counts in blocks of 512 bytes and passes on that the signal is ignored.
                let mut shell = Command::new("sh");
                let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", 2 * kib);
                shell.args(["-c", script.as_str(), program]);
                shell
            }
        };
        command.args(&self.args).current_dir(self.home());
        command.env("HOME", self.home()).env("XDG_DATA_HOME", self.home().join("share"));
        command.env("XDG_CACHE_HOME", self.home().join("cache"));
        command.env("XDG_CONFIG_HOME", self.home().join("config")).env_remove("NO_COLOR");
        command.env_remove("XDG_RUNTIME_DIR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts it and waits until it listens.
    #[track_caller]
    pub(crate) fn start(self) -> Node {
        let mut node = self.spawn();
        node.wait_until_listening();
        node
    }

    /// Starts it and waits for nothing.
    #[track_caller]
    pub(crate) fn spawn(self) -> Node {
        let mut child = self.command().spawn().unwrap();
        let stdin = child.stdin.take();
        let out = Output::collect(child.stdout.take().unwrap());
        let err = Output::collect(child.stderr.take().unwrap());
        Node { setup: self, child, stdin, out, err, port: 0, before: Vec::new() }
    }
}

/// A process. It is killed when this is dropped; what it printed is shown if the test failed.
pub(crate) struct Node {
    setup: Setup,
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) out: Arc<Output>,
    pub(crate) err: Arc<Output>,
    pub(crate) port: u16,
    /// What earlier processes on the same directory printed.
    before: Vec<String>,
}

impl Node {
    /// A node that knows nobody.
    #[track_caller]
    pub(crate) fn start(name: &str) -> Self {
        Setup::new(name).start()
    }

    #[track_caller]
    pub(crate) fn wait_until_listening(&mut self) {
        let line = self.wait_for("Listening on ");
        let address = line.split("Listening on ").nth(1).unwrap().split_whitespace().next();
        let address: SocketAddr = address.unwrap().parse().unwrap();
        self.port = address.port();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn directory(&self) -> PathBuf {
        self.setup.directory()
    }

    /// Types a line into the pipe.
    #[track_caller]
    pub(crate) fn say(&mut self, line: &str) {
        self.type_bytes(format!("{line}\n").as_bytes());
    }

    /// Types a line, unless the process has ended.
    pub(crate) fn try_say(&mut self, line: &str) -> bool {
        self.stdin
            .as_mut()
            .is_some_and(|pipe| pipe.write_all(format!("{line}\n").as_bytes()).is_ok())
    }

    #[track_caller]
    pub(crate) fn type_bytes(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Closes the pipe that lines are typed into.
    pub(crate) fn end_of_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for a line on stdout that contains `words`.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        self.wait_for_nth(words, 1)
    }

    /// Waits for the `n`th line on stdout that contains `words`.
    #[track_caller]
    pub(crate) fn wait_for_nth(&self, words: &str, n: usize) -> String {
        let line = self
            .out
            .wait(|lines| lines.iter().filter(|line| line.contains(words)).nth(n - 1).cloned());
        line.unwrap_or_else(|| panic!("{} never printed {words:?} {n} times", self.setup.name))
    }

    /// The chain as anybody gets it.
    #[track_caller]
    pub(crate) fn get_chain(&self) -> Vec<u8> {
        get_chain(self.port)
    }

    #[track_caller]
    pub(crate) fn chain(&self) -> Chain {
        Chain::read(&self.get_chain())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits until the process has ended.
    #[track_caller]
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        let ended = self.out.wait_for_end() && self.err.wait_for_end();
        assert!(ended, "{} did not end", self.setup.name);
        self.child.wait().unwrap()
    }

    /// Asks it to end, as a service manager does, and checks that it ends well.
    #[track_caller]
    pub(crate) fn terminate(&mut self) {
        self.signal(Signal::SIGTERM);
        assert_eq!(self.wait_for_end().code(), Some(0), "{} ended badly", self.setup.name);
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
        // Everything it had printed is read.
        self.out.wait_for_end();
        self.err.wait_for_end();
    }

    /// Starts another process on the same data directory. The one before must have ended.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        let mut next = self.setup.clone().spawn();
        next.before = std::mem::take(&mut self.before);
        next.before.extend(self.transcript());
        next.before.push(String::from("--- restarted ---"));
        *self = next;
        self.wait_until_listening();
    }

    #[track_caller]
    pub(crate) fn restart_without_limit(&mut self) {
        self.setup.file_limit = None;
        self.restart();
    }

    fn transcript(&self) -> Vec<String> {
        let mut text = self.out.lines();
        text.extend(self.err.lines().iter().map(|line| format!("stderr: {line}")));
        text
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            self.before.extend(self.transcript());
            eprintln!("=== {} ===\n{}\n", self.setup.name, self.before.join("\n"));
        }
    }
}

/// What `printf 'GET_CHAIN\n' | nc -N 127.0.0.1 PORT` prints.
#[track_caller]
pub(crate) fn get_chain(port: u16) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(b"GET_CHAIN\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}
