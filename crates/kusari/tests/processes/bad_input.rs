//! What is wrong is named, changes nothing and ends nothing.

use kusari_chain::{Block, Target};

use super::support::blocks::{self, line, mine, mine_many, prove};
use super::support::{Node, RawPeer, eventually};

/// A block on genesis by its line, with one part of it replaced.
fn spoilt(part: &str, replacement: &str) -> Vec<u8> {
    let text = line(&mine(&Block::genesis(), "hi"));
    assert!(text.contains(part), "{part} is not in {text}");
    text.replace(part, replacement).into_bytes()
}

/// A block whose hash is right and proves no work.
fn without_work() -> Block {
    let mut block = mine(&Block::genesis(), "lazy");
    while Target::CLASSIC.is_met_by(&block.hash) {
        block.nonce += 1;
        block.hash = block.compute_hash();
    }
    block
}

fn with_index(index: u32) -> Block {
    let mut block = mine(&Block::genesis(), "misplaced");
    block.index = index;
    block.nonce = 0;
    prove(block)
}

/// A block in which `key` is followed by brackets in brackets, which nothing closes.
fn nested(key: &str, depth: usize) -> Vec<u8> {
    format!("BLOCK:{{{key}{}", "[".repeat(depth)).into_bytes()
}

fn wrong_json() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (b"BLOCK:".to_vec(), "bad-json"),
        (b"BLOCK".to_vec(), "bad-json"),
        (b"BLOCK:hi".to_vec(), "bad-json"),
        (b"BLOCK:{\"index\":1".to_vec(), "bad-json"),
        (spoilt("}", "} trailing"), "bad-json"),
        (spoilt("\"hi\"", "\"h\0i\""), "bad-json"),
        (spoilt("\"hi\"", "\"\\ud800\""), "bad-json"),
        (spoilt("\"hi\"", "'hi'"), "bad-json"),
        (spoilt("\"index\":1", "\"index\":01"), "bad-json"),
        (spoilt("\"index\":1", "\"index\":1e999"), "bad-json"),
        (nested("\"colour\":", 4_000), "bad-json"),
        (nested("\"transactions\":[{\"sender\":", 4_000), "bad-field"),
        (format!("BLOCK:{}", "[".repeat(4_000)).into_bytes(), "bad-field"),
        (b"BLOCK:[]".to_vec(), "bad-field"),
        (b"BLOCK:{}".to_vec(), "bad-field"),
        (b"BLOCK:null".to_vec(), "bad-field"),
        (b"BLOCK:[1,2,3,\"hi\",\"\",\"\",[]]".to_vec(), "bad-field"),
    ]
}

fn wrong_fields() -> Vec<(Vec<u8>, &'static str)> {
    let mut cases = Vec::new();
    let numbers =
        ["\"1\"", "-1", "1.5", "1e300", "18446744073709551616", "true", "null", "[]", "{}"];
    let block = mine(&Block::genesis(), "hi");
    let fields = [
        "\"index\":1".to_owned(),
        format!("\"timestamp\":{}", block.timestamp),
        format!("\"nonce\":{}", block.nonce),
    ];
    for field in &fields {
        let name = field.split(':').next().unwrap();
        for number in numbers {
            cases.push(spoilt(field, &format!("{name}:{number}")));
        }
        cases.push(spoilt(&format!("{field},"), ""));
        cases.push(spoilt(field, &format!("{field},{field}")));
    }
    let hash = block.hash.to_string();
    for wrong in [
        hash[1..].to_owned(),
        format!("{hash}0"),
        format!("{hash}{hash}"),
        hash.replacen('0', "g", 1),
        hash.replacen("00", "é", 1),
        String::new(),
    ] {
        cases.push(spoilt(&hash, &wrong));
    }
    cases.extend([
        spoilt("\"index\":1", "\"index\":4294967296"),
        spoilt("\"hi\"", "7"),
        spoilt("\"hi\"", "null"),
        spoilt("[]", "\"[]\""),
        spoilt("[]", "{}"),
        spoilt("[]", "[1]"),
        spoilt("[]", "[{\"sender\":\"a\",\"receiver\":\"b\"}]"),
        spoilt("[]", "[{\"sender\":\"a\",\"receiver\":\"b\",\"amount\":-4}]"),
        spoilt("[]", "[{\"sender\":\"a\",\"receiver\":\"b\",\"amount\":18446744073709551616}]"),
        b"GET_BLOCKS:{}".to_vec(),
        b"GET_BLOCKS:{\"locator\":[],\"hashes\":[]}".to_vec(),
        b"HELLO:{}".to_vec(),
        b"PING:\"x\"".to_vec(),
    ]);
    cases.into_iter().map(|line| (line, "bad-field")).collect()
}

fn wrong_lines() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (b"".to_vec(), "empty-line"),
        (b"\r".to_vec(), "empty-line"),
        (b"hello".to_vec(), "unknown-verb"),
        (b"x\0\0".to_vec(), "unknown-verb"),
        (b"get_chain".to_vec(), "unknown-verb"),
        (b"get / http".to_vec(), "unknown-verb"),
        (b"\xff\xfe".to_vec(), "bad-utf8"),
        (b"BLOCK:{\"data\":\"\xc3\x28\"}".to_vec(), "bad-utf8"),
        (format!("GET_BLOCKS:{{\"locator\":[{}]}}", hashes(65)).into_bytes(), "line-too-long"),
        (vec![b'x'; 4_096], "line-too-long"),
        ([b"BLOCK:".to_vec(), vec![b'['; 100_000]].concat(), "line-too-long"),
    ]
}

fn wrong_blocks() -> Vec<(Vec<u8>, &'static str)> {
    let line = |block: &Block| line(block).into_bytes();
    let mut another = mine(&Block::genesis(), "right");
    another.data = String::from("changed on the way");
    let misplaced = with_index(7);
    vec![
        (spoilt("\"hi\"", "\"ho\""), "bad-hash"),
        (
            spoilt(
                "\"transactions\":[]",
                "\"transactions\":[{\"sender\":\"a\",\"receiver\":\"b\",\
          \"amount\":4}]",
            ),
            "bad-hash",
        ),
        (line(&another), "bad-hash"),
        (line(&without_work()), "too-little-work"),
        (line(&misplaced), "bad-index"),
        (line(&with_index(0)), "bad-genesis"),
        (line(&mine(&misplaced, "on sand")), "refused-parent"),
        (line(&mine(&mine(&Block::genesis(), "unseen"), "orphan")), "unknown-parent"),
    ]
}

fn hashes(count: usize) -> String {
    vec![format!("\"{:064x}\"", 7); count].join(",")
}

fn error_code(line: &str) -> String {
    let json = line.strip_prefix("ERROR:").unwrap_or_else(|| panic!("not an ERROR: {line}"));
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    assert!(report["message"].as_str().is_some_and(|text| !text.is_empty()), "{line}");
    report["code"].as_str().unwrap().to_owned()
}

/// Sends each line over a connection of its own and checks what comes back.
#[track_caller]
fn each_is_refused(cases: Vec<(Vec<u8>, &'static str)>) {
    let mut node = Node::start("A");
    for (number, (bytes, code)) in cases.into_iter().enumerate() {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
        let mut peer = RawPeer::connect(node.port);
        // What is far too long is not read to its end.
        peer.try_send_bytes(&[&bytes[..], b"\n"].concat());
        assert_eq!(error_code(&peer.line()), code, "case {number}: {shown}");
        if code == "line-too-long" {
            assert_eq!(peer.line_or_end(), None, "it must be closed");
        } else {
            // The same connection goes on.
            peer.send("STATUS");
            let status = peer.wait_for("STATUS:");
            assert!(status.contains("\"height\":0,"), "case {number}: {shown} became {status}");
        }
    }
    assert_eq!(node.get_chain(), b"");
    node.say("hi");
    node.wait_for("Added new block index=1, ");
    // A good peer is served as before.
    let mut peer = RawPeer::connect(node.port);
    let block = mine(&node.chain().0[0], "good");
    peer.send(&line(&block));
    node.wait_for("Added new block index=2, ");
    assert_eq!(node.chain().data(), ["hi", "good"]);
    node.terminate();
}

#[test]
fn lines_that_are_no_messages_are_refused_by_name() {
    each_is_refused(wrong_lines());
}

#[test]
fn json_that_is_none_is_refused_by_name() {
    each_is_refused(wrong_json());
}

#[test]
fn fields_that_are_wrong_are_refused_by_name() {
    each_is_refused(wrong_fields());
}

#[test]
fn blocks_that_break_a_rule_are_refused_by_name() {
    each_is_refused(wrong_blocks());
}

#[test]
fn deep_nesting_is_refused_after_an_introduction_too() {
    let node = Node::start("A");
    let mut peer = RawPeer::introduce(node.port, 1);
    for key in ["\"colour\":", "\"colour\":{\"a\":"] {
        peer.send_bytes(&[&nested(key, 100_000)[..], b"\n"].concat());
        assert_eq!(error_code(&peer.line()), "bad-json");
    }
    peer.send(&format!("GET_BLOCKS:{{\"locator\":[{}]}}", hashes(65)));
    assert_eq!(error_code(&peer.line()), "too-many");
    let mut long = mine(&Block::genesis(), &"x".repeat(4_000));
    peer.send(&line(&long));
    assert_eq!(error_code(&peer.line()), "block-too-long");
    long.data = "x".repeat(3_800);
    long.nonce = 0;
    peer.send(&line(&prove(long)));
    node.wait_for("Added new block index=1, ");
}

#[test]
fn a_line_without_an_end_closes_only_its_connection() {
    let node = Node::start("A");
    let mut peer = RawPeer::connect(node.port);
    peer.send_bytes(&[b'x'; 4_096]);
    assert_eq!(error_code(&peer.line()), "line-too-long");
    assert_eq!(peer.line_or_end(), None);
    // A line that is never finished is no line, and whoever forgot its end is told.
    let mut peer = RawPeer::connect(node.port);
    peer.send_bytes(b"GET_CHAIN");
    peer.finish();
    assert_eq!(error_code(&peer.line()), "line-without-end");
    assert_eq!(peer.line_or_end(), None);
    RawPeer::introduce(node.port, 2);
}

#[test]
fn what_is_odd_but_right_is_taken() {
    let node = Node::start("A");
    let chain = mine_many(&Block::genesis(), "b", 4);
    let mut peer = RawPeer::connect(node.port);
    // CRLF.
    peer.send(&format!("{}\r", line(&chain[0])));
    // Other order, white space, upper case, unknown keys.
    let Block { index, timestamp, nonce, data, prev_hash, hash, .. } = &chain[1];
    let (prev_hash, hash) = (prev_hash.to_string().to_uppercase(), hash.to_string().to_uppercase());
    peer.send(&format!(
        "BLOCK: {{ \"hash\":\"{hash}\", \"transactions\" : [ ], \"prev_hash\":\"{prev_hash}\",\t\
         \"colour\":{{\"a\":[1]}}, \"data\":\"\\u0062{}\",\"nonce\":{nonce},\
         \"timestamp\":{timestamp},\"index\":{index}}}",
        &data[1..]
    ));
    // A byte at a time.
    for byte in format!("{}\n", line(&chain[2])).bytes() {
        peer.send_bytes(&[byte]);
    }
    // Two lines in one piece, and twice the same.
    peer.send(&format!("{0}\n{0}\nGET_CHAIN please\r", line(&chain[3])));
    let answer: Vec<String> = (0..4).map(|_| peer.wait_for("BLOCK:")).collect();
    assert_eq!(answer, chain.iter().map(line).collect::<Vec<_>>());
    node.wait_for("Added new block index=4, ");
    assert_eq!(node.out.count("Rejected"), 0);
}

#[test]
fn what_a_terminal_would_obey_is_printed_escaped() {
    let node = Node::start("A");
    let data = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nAdded new block index=99, nonce=1, hash=00\u{202e}";
    let block = mine(&Block::genesis(), data);
    let mut peer = RawPeer::connect(node.port);
    peer.send("\u{1b}[31mHI");
    peer.send(&line(&block));
    node.wait_for("Data       : \\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{d}\\u{a}Added new block");
    node.wait_for("Rejected a line from ");
    let printed = node.out.lines().join("\n");
    assert!(!printed.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{printed:?}");
    // The chain holds what was said, to the letter.
    assert_eq!(node.chain().data(), [data]);
}

#[test]
fn a_peer_that_asks_and_never_reads_is_closed_and_delays_nobody() {
    const GREEDY: usize = 2;
    let mut node = Node::start("A");
    RawPeer::bring(node.port, blocks::long_chain());
    let mut greedy: Vec<RawPeer> =
        (0..GREEDY).map(|_| RawPeer::connect_narrowly(node.port)).collect();
    let mut patient = RawPeer::introduce(node.port, 3);
    for peer in &mut greedy {
        // More than the buffers of the system hold of the answers, even where most say `busy`. The
        // node may close it meanwhile.
        peer.try_send_bytes("GET_CHAIN\n".repeat(60_000).as_bytes());
    }
    assert_eq!(node.chain().0, blocks::long_chain());
    patient.send("PING:7");
    assert_eq!(patient.wait_for("PONG:"), "PONG:7");
    node.say("and on it goes");
    let block = blocks::read(&patient.wait_for("BLOCK:"));
    assert_eq!(block.data, "and on it goes");
    node.wait_for_nth("it reads too slowly", GREEDY);
    let asked = node.out.count("asked for the chain");
    assert!(asked < 1_000, "requests that were not answered filled the screen: {asked}");
}

#[test]
fn an_introduced_peer_that_sends_wrong_blocks_is_closed_but_loopback_is_not_banned() {
    let node = Node::start("A");
    let mut peer = RawPeer::introduce(node.port, 4);
    for _ in 0..2 {
        peer.send(&line(&without_work()));
        assert_eq!(error_code(&peer.line()), "too-little-work");
    }
    assert_eq!(peer.line_or_end(), None);
    node.wait_for("the peer misbehaved");

    let mut peer = RawPeer::introduce(node.port, 5);
    peer.send(&"not a block\nBLOCK:x\n".repeat(11));
    let mut codes = Vec::new();
    while let Some(line) = peer.line_or_end() {
        codes.push(error_code(&line));
    }
    // Verbs of another version cost nothing, malformed lines 10 of 100.
    assert_eq!(codes, ["unknown-verb", "bad-json"].repeat(10));

    let mut peer = RawPeer::introduce(node.port, 6);
    peer.send(&line(&mine(&Block::genesis(), "welcome")));
    node.wait_for("Added new block index=1, ");
    assert_eq!(node.out.count("Banned"), 0);
}

/// An original relays what it gets without looking: it is not to blame.
#[test]
fn a_peer_without_introduction_is_never_closed_for_what_it_relays() {
    let node = Node::start("A");
    let mut peer = RawPeer::connect(node.port);
    peer.send("GET_CHAIN");
    for _ in 0..12 {
        peer.send(&line(&without_work()));
    }
    peer.send(&line(&mine(&Block::genesis(), "right")));
    node.wait_for("Added new block index=1, ");
    eventually("it is still connected", || {
        peer.send("GET_CHAIN");
        Some(peer.wait_for("BLOCK:"))
    });
}
