//! A person who follows a page: a home directory, some nodes, and a shell.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::super::support::{DEADLINE, Node, Setup, eventually};
use super::text::{all_match, matches, root, words};

/// Ports that pages show: of nodes, and of the local API.
const SHOWN_PORTS: [&str; 5] = ["8080", "8081", "8082", "7878", "7879"];

/// Commands that mean the node on port 8080 unless they name another one.
const ABOUT_A_NODE: &str = "say|status|outbox|top|open|peers|chain|block|why|branches|\
     accept-branch|export|import|audit|backup|record|send|balance|tx|erase|find|prove|consistency|\
     evidence|witnesses|wallet";

/// Beginnings of commands that change nothing, so that they are asked again until what is under way
/// has come.
const READS: [&str; 14] = [
    "curl -s http",
    "kusari balance",
    "kusari block",
    "kusari branches",
    "kusari chain ",
    "kusari find",
    "kusari outbox",
    "kusari peers",
    "kusari status",
    "kusari tx",
    "kusari why",
    "kusari witnesses",
    "printf 'GET_CHAIN",
    "printf 'STATUS",
];

/// Programs that a machine may lack; their commands are then left out.
const OTHERS: [&str; 2] = ["python3", "curl"];

pub(crate) struct Session {
    home: Setup,
    /// By the port that the page shows.
    ports: BTreeMap<&'static str, u16>,
    nodes: BTreeMap<String, Node>,
    /// What commands printed, word by word.
    printed: Vec<String>,
    pub(crate) steps: usize,
}

impl Session {
    pub(crate) fn new(name: &str) -> Self {
        let home = Setup::bare(name);
        symlink(root().join("conformance"), home.home().join("conformance")).unwrap();
        let ports = SHOWN_PORTS.map(|shown| (shown, free_port())).into();
        Self { home, ports, nodes: BTreeMap::new(), printed: Vec::new(), steps: 0 }
    }

    /// Does what a block shows. `^C` at its beginning is pressed at the node on port 8080.
    pub(crate) fn follow(&mut self, block: &[String]) {
        let mut rest = block;
        if rest[0] == "^C" {
            interrupt(self.nodes.remove(&self.here("127.0.0.1:8080")).unwrap());
            rest = &rest[1..];
        }
        assert!(rest[0].starts_with("$ "), "a block begins with a command, not with {}", rest[0]);
        while let Some((command, after)) = rest.split_first() {
            let end = after.iter().position(|line| line.starts_with("$ ")).unwrap_or(after.len());
            let (shown, next) = after.split_at(end);
            self.step(command.trim_start_matches("$ "), shown);
            rest = next;
        }
    }

    fn step(&mut self, command: &str, shown: &[String]) {
        self.steps += 1;
        let here: Vec<String> = shown.iter().map(|line| self.here(line)).collect();
        if command.contains("kusari --listen ") {
            return self.start(command, &here);
        }
        let missing = |program: &&&str| {
            command.starts_with(**program)
                && Command::new(**program).arg("--version").output().is_err()
        };
        if let Some(program) = OTHERS.iter().find(missing) {
            return println!("SKIPPED: {program} cannot be run, so not {command}");
        }
        let command = self.complete(&self.here(command));
        let once = || {
            let (printed, succeeded) = self.run(&command);
            let lines: Vec<&str> = printed.lines().collect();
            let expected = !here.iter().any(|line| line.starts_with("error: "));
            let same = succeeded == expected && all_match(&lines, &here);
            if !same {
                println!("{command}\nis to print\n{}\nbut prints\n{printed}", here.join("\n"));
            }
            same.then_some(printed)
        };
        let printed = match READS.iter().any(|start| command.starts_with(start)) {
            true => eventually("a command prints what the page shows", once),
            false => once().unwrap_or_else(|| panic!("{command} prints something else")),
        };
        self.printed.extend(printed.split_whitespace().map(str::to_owned));
    }

    /// What the page shows, with the ports and addresses of this run.
    fn here(&self, text: &str) -> String {
        let mut here = String::new();
        for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
            let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
            let port = self.ports.get(word).map(u16::to_string);
            here += port.as_deref().unwrap_or(word);
            here += &piece[word.len()..];
        }
        here.replace("0.0.0.0:", "127.0.0.1:")
    }

    /// A word that ends in `…` is the last printed one that begins so.
    fn complete(&self, command: &str) -> String {
        let complete = |word: &str| {
            let beginning = word.strip_suffix('…').filter(|beginning| !beginning.is_empty());
            let found = beginning.and_then(|beginning| {
                self.printed.iter().rev().find(|printed| printed.starts_with(beginning))
            });
            found.map_or(word.to_owned(), String::clone)
        };
        command.split(' ').map(complete).collect::<Vec<_>>().join(" ")
    }

    /// Starts a node in a terminal of its own. One that has its port is stopped first, as the text
    /// of the page says there.
    fn start(&mut self, command: &str, shown: &[String]) {
        let (input, kusari) = match command.split_once(" | kusari ") {
            Some((input, kusari)) => (Some(input), kusari),
            None => (None, command.trim_start_matches("kusari ")),
        };
        let mut arguments = words(&self.here(kusari));
        if !arguments[1].contains(':') {
            arguments[1] = format!("127.0.0.1:{}", arguments[1]);
        }
        let port = arguments[1].clone();
        if let Some(before) = self.nodes.remove(&port) {
            interrupt(before);
        }
        // The usual port of the API may be taken on this machine.
        if port == self.here("127.0.0.1:8080") && !arguments.iter().any(|word| word == "--http") {
            arguments.extend(["--http".to_owned(), self.here("7878")]);
        }
        let mut node = self.home.clone().args(arguments.iter().map(String::as_str)).start();
        if let Some(input) = input {
            node.type_bytes(&self.shell(input, b"").0);
            node.end_of_input();
        }
        let mut place = 0;
        for line in shown {
            match line.strip_prefix("msg> ") {
                Some(typed) => node.say(typed),
                None => {
                    let printed = node.out.wait(|lines| lines.get(place).cloned());
                    let printed = printed.unwrap_or_default();
                    assert!(matches(&printed, line), "{command}\nshows {line}\nnot {printed}");
                    place += 1;
                }
            }
        }
        self.nodes.insert(port, node);
    }

    /// What a command prints, and whether it succeeds.
    fn run(&self, command: &str) -> (String, bool) {
        let (bytes, succeeded) = match command.split_once(" | nc -N 127.0.0.1 ") {
            None => self.shell(command, b""),
            Some((question, address)) => {
                let (port, then) = address.split_once(" | ").unwrap_or((address, "cat"));
                let answer = ask(port.parse().unwrap(), &self.shell(question, b"").0);
                self.shell(then, &answer)
            }
        };
        (String::from_utf8(bytes).unwrap(), succeeded)
    }

    /// What a terminal shows of a command, and whether it succeeds.
    fn shell(&self, command: &str, input: &[u8]) -> (Vec<u8>, bool) {
        let script = format!(
            "exec 2>&1\nkusari() {{\n case \"$1\" in {ABOUT_A_NODE}) case \" $* \" in\n\
             *' --port '*|*' --data-dir '*|*' --node '*) ;;\n*) set -- \"$@\" --port {};;\n\
             esac;; esac\n'{}' \"$@\"; }}\n{command}",
            self.here("8080"),
            env!("CARGO_BIN_EXE_kusari"),
        );
        let surroundings = self.home.command();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(self.home.home()).env_remove("NO_COLOR");
        shell.envs(surroundings.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut stdin = shell.stdin.take().unwrap();
        let input = input.to_vec();
        // The shell may print before it has read all, and end before it has read anything.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = shell.wait_with_output().unwrap();
        writer.join().unwrap();
        (output.stdout, output.status.success())
    }
}

/// Ctrl-C, after which a node ends well.
fn interrupt(mut node: Node) {
    node.signal(Signal::SIGINT);
    assert_eq!(node.wait_for_end().code(), Some(0));
}

/// What `nc -N` does: asks, ends its side, and reads to the end.
fn ask(port: u16, question: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(question).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
