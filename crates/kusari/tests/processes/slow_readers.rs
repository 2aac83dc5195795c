//! Readers that ask for everything and take nothing.

use std::fs;

use crate::support::{Node, RawPeer, blocks};
use kusari_chain::Block;

/// Connections that read nothing; a node takes 48 from others, and one of them reads.
const READERS: usize = 40;
/// Room for what one of them may make the node hold, in KiB: two chunks of lines and the buffers of
/// its connection.
const KIB_PER_READER: u64 = 240;

fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// A chain of one MiB: what one reader does not take would be seen many times over.
fn heavy_chain() -> Vec<Block> {
    blocks::mine_many(&Block::genesis(), &"x".repeat(120), 3_000)
}

#[test]
#[cfg(target_os = "linux")]
fn readers_that_take_nothing_hold_none_of_the_chain_in_memory() {
    let node = Node::start("A");
    let chain = heavy_chain();
    RawPeer::bring(node.port, &chain);
    let bytes = blocks::lines(&chain).len();
    assert!(bytes > 1 << 20);
    // The first answer brings what is kept for all readers, the database's cache above all.
    assert_eq!(node.get_chain().len(), bytes);
    let before = resident_kib(node.pid());
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = RawPeer::connect_narrowly(node.port);
        reader.send_bytes(b"GET_CHAIN\n");
        readers.push(reader);
    }
    node.wait_for_nth("asked for the chain", READERS + 1);
    // Somebody who reads is served beside them, from the first block to the last.
    assert_eq!(node.get_chain().len(), bytes);
    let grown = resident_kib(node.pid()).saturating_sub(before);
    let allowed = READERS as u64 * KIB_PER_READER;
    assert!(grown < allowed, "{grown} KiB for {READERS} readers, {allowed} are allowed");
}
