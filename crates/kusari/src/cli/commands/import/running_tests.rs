//! A node that breaks off, and comes back or does not.

use kusari_chain::{BestPoint, CheckedBlock};
use kusari_node::wire::{self, Message};

use super::*;
use crate::cli::failure::Failure;
use crate::cli::progress::Progress;
use crate::cli::scripted_node::{self, BLOCKS, Step};

fn blocks() -> Vec<CheckedBlock> {
    let block = |line: &&str| match wire::receive(line.as_bytes()) {
        Ok(Message::Block(block)) => block,
        other => panic!("{other:?}"),
    };
    BLOCKS.iter().map(block).collect()
}

fn end(missing: &[BlockHash]) -> Step {
    let message = Received::End { count: 0, missing: missing.to_vec() };
    Step::Tell(String::from_utf8(wire::encode(&message)).unwrap())
}

fn status_of(height: u32) -> Step {
    let BestPoint { hash, work, .. } = BestPoint::genesis();
    let report = StatusReport {
        agent: String::from("test/1"),
        chain: String::from("classic"),
        height,
        work,
        tip: hash,
        peers: 0,
        waiting: 0,
    };
    Step::Tell(String::from_utf8(wire::encode(&Received::Status(report))).unwrap())
}

/// Imports both blocks into a node that acts so.
fn import(connections: Vec<Vec<Step>>) -> Result<String, String> {
    let mut running = RunningTarget::new(scripted_node::node(connections));
    let mut tally = Tally::new(Progress::of_bytes("Importing", None));
    for (number, block) in (1..).zip(blocks()) {
        running.take(number, block, &mut tally).ok().unwrap();
    }
    match running.finish(&mut tally) {
        Ok(height) => Ok(tally.sentence(height)),
        Err(Failure::Failed(error)) => Err(error.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_that_breaks_is_made_again_and_nothing_is_counted_twice() {
    let hashes: Vec<BlockHash> = blocks().iter().map(|block| block.block().hash).collect();
    let sentence = import(vec![
        // It closes before it answers, then between a question and the blocks, then goes on. What
        // it says beside is let pass, whether it is understood or not.
        vec![Step::Hear("GET_BLOCKS")],
        vec![Step::Hear("GET_BLOCKS"), end(&hashes[1..]), Step::Hear("STATUS")],
        vec![
            Step::Tell(format!("NEWS:1\n{}\n", BLOCKS[0])),
            Step::Hear("STATUS"),
            status_of(2),
            Step::Hear("GET_BLOCKS"),
            end(&[]),
            Step::Hear("STATUS"),
            status_of(2),
        ],
    ]);
    let expected = "Imported 1 block, 1 known already, 0 refused; height is now 2";
    assert_eq!(sentence.as_deref(), Ok(expected));
}

#[test]
fn a_node_that_never_answers_is_given_up() {
    let closing = || vec![Step::Hear("GET_BLOCKS")];
    let error = import((0..ATTEMPTS).map(|_| closing()).collect()).unwrap_err();
    assert!(error.starts_with("the node closed the connection; "), "{error}");
    let error = import(Vec::new()).unwrap_err();
    assert!(error.contains("cannot be reached") || error.contains("closed"), "{error}");
    let http = || vec![Step::Hear("GET_BLOCKS"), Step::Tell("x".repeat(9 << 20))];
    let error = import((0..ATTEMPTS).map(|_| http()).collect()).unwrap_err();
    assert!(error.contains("speaks another protocol"), "{error}");
}
