//! Somebody who has two long branches lead by turns, over a socket: what it costs the node, and how long
//! a person waits for an answer meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::support::{Node, RawPeer, blocks, now};
use kusari_chain::Block;

/// Blocks of each branch.
const DEPTH: usize = 2_000;
/// Turns; each is two blocks of some 250 bytes.
const TURNS: usize = 400;
/// What all of them may take in memory.
const MOST_KIB: u64 = 128 << 10;
/// How long a person waits for all answers but one in a hundred.
const USUAL_PATIENCE: Duration = Duration::from_secs(1);
/// How long for any: some 40 ms where nothing else runs. A node that follows each turn at once stops for tens
/// of seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that a process ever had in memory.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// What has one branch lead by a block, then the other.
fn turns(branches: &[Vec<Block>; 2]) -> String {
    let mut tips = branches.each_ref().map(|branch| branch[DEPTH - 1].clone());
    let mut lines = String::new();
    for turn in 1..=TURNS {
        let tip = &mut tips[turn % 2];
        for _ in 0..if turn == 1 { 1 } else { 2 } {
            *tip = blocks::mine(tip, "more");
            lines += &(blocks::line(tip) + "\n");
        }
    }
    lines
}

#[test]
#[cfg(target_os = "linux")]
fn long_branches_that_lead_by_turns_cost_little_memory_and_keep_nobody_waiting() {
    let node = Node::start("A");
    let branches = ["one ", "other "].map(|name| blocks::mine_many(&Block::genesis(), name, DEPTH));
    let lines = turns(&branches);
    RawPeer::bring(node.port, &branches[0]);
    let mut person = RawPeer::connect(node.port);
    person.send("STATUS");
    person.wait_for("STATUS:");
    let before = peak_kib(node.pid());
    let (port, sent) = (node.port, blocks::lines(&branches[1]) + &lines);
    let bytes = sent.len();
    let attacker = thread::spawn(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut reader = stream.try_clone().unwrap();
        // Whatever it is told is of no interest, but whoever reads nothing is thrown out.
        let told = thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while reader.read(&mut buffer).is_ok_and(|read| read > 0) {}
        });
        stream.write_all(sent.as_bytes()).unwrap();
        stream.write_all(b"STATUS\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        told.join().unwrap();
    });
    let mut waits = Vec::new();
    while !attacker.is_finished() {
        let start = now();
        person.send("STATUS");
        person.wait_for("STATUS:");
        waits.push(start.elapsed());
    }
    attacker.join().unwrap();
    waits.sort();
    let (usual, longest) = (waits[(waits.len() - 1) * 99 / 100], waits[waits.len() - 1]);
    let grown = peak_kib(node.pid()).saturating_sub(before);
    println!("{bytes} bytes took {grown} KiB, and an answer {longest:?} at most");
    assert!(grown < MOST_KIB, "{bytes} bytes took {grown} KiB");
    assert!(usual < USUAL_PATIENCE, "one answer in a hundred took {usual:?}");
    assert!(longest < PATIENCE, "an answer took {longest:?}");
}
