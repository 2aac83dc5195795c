//! A node in another language, written from the document of the wire alone, in one network with ours.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use kusari_chain::Block;

use super::support::blocks::{lines, long_chain, mine_many};
use super::support::{Node, Output, RawPeer, Setup, eventually, get_chain};

/// `conformance/peer.py`. It is killed when this is dropped.
struct Peer {
    child: Child,
    stdin: ChildStdin,
    out: Arc<Output>,
    port: u16,
}

impl Peer {
    /// Starts it; `None` where there is no Python, which is said.
    #[track_caller]
    fn start(connect: &[u16]) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/peer.py");
        let mut command = Command::new("python3");
        command.arg(script);
        for port in connect {
            command.args(["--connect", &format!("127.0.0.1:{port}")]);
        }
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        if started.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            println!("SKIPPED, as there is no python3");
            return None;
        }
        let mut child = started.unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        let port = first.trim_end().rsplit(':').next().unwrap().parse().unwrap();
        Some(Self { child, stdin, out: Output::collect(out), port })
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    /// Waits until it prints a line with these words.
    #[track_caller]
    fn wait_for(&self, words: &str) {
        let found = self.out.wait(|lines| lines.iter().find(|line| line.contains(words)).cloned());
        found.unwrap_or_else(|| panic!("peer.py never printed {words:?}"));
    }

    fn get_chain(&self) -> Vec<u8> {
        get_chain(self.port)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_node_written_from_the_document_catches_up_mines_and_is_followed() {
    let mut node = Node::start("kusari");
    // More than one answer to GET_BLOCKS may have.
    RawPeer::bring(node.port, long_chain());
    let Some(mut peer) = Peer::start(&[node.port]) else { return };
    peer.wait_for("Added block index=400, ");
    peer.say("from \"python\", 鎖");
    // The screen sums up many blocks in a row; the chain is what counts.
    let has = |blocks: usize| {
        eventually("the block is there", || (node.chain().0.len() == blocks).then_some(()));
    };
    has(401);
    node.say("from kusari");
    peer.wait_for("Added block index=402, ");

    let second = Setup::new("second").connect(peer.port).start();
    second.wait_for("introduced itself as peer.py/1");
    eventually("the second node has all of it", || {
        (second.get_chain() == node.get_chain()).then_some(())
    });
    assert_eq!(peer.get_chain(), node.get_chain());
    assert_eq!(node.chain().data()[400..], ["from \"python\", 鎖", "from kusari"]);
    // What is typed there reaches the first one through the node between them.
    let mut second = second;
    second.say("from the far end");
    eventually("it is there", || (node.chain().0.len() == 403).then_some(()));
    assert_eq!(node.err.count("Rejected") + second.err.count("Rejected"), 0);
}

#[test]
fn a_node_written_from_the_document_follows_the_heavier_branch_and_the_smaller_hash() {
    let Some(peer) = Peer::start(&[]) else { return };
    let (short, long) =
        (mine_many(&Block::genesis(), "a", 2), mine_many(&Block::genesis(), "b", 3));
    let mut ends = [mine_many(&long[2], "x", 1), mine_many(&long[2], "y", 1)].concat();
    ends.sort_by_key(|block| block.hash);
    let mut connection = RawPeer::connect(peer.port);
    for (sent, expected) in [
        (&short[..], short.clone()),
        (&long, long.clone()),
        (&ends[1..], [&long[..], &ends[1..]].concat()),
        (&ends[..1], [&long[..], &ends[..1]].concat()),
        (&ends[1..], [&long[..], &ends[..1]].concat()),
    ] {
        connection.send_bytes(lines(sent).as_bytes());
        connection.send("GET_CHAIN");
        for block in &expected {
            assert_eq!(connection.line() + "\n", lines(std::slice::from_ref(block)));
        }
    }
    connection.finish();
    assert_eq!(connection.rest(), "");
}

#[test]
fn a_node_written_from_the_document_passes_the_kit_as_one_that_keeps_the_rules() {
    let Some(peer) = Peer::start(&[]) else { return };
    let target = format!("127.0.0.1:{}", peer.port);
    let args = ["grade", &target, "--level", "classic", "--patience", "30"];
    let output = Setup::bare("grade").args(args).command().output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
}
