//! Lines: what is read, what is refused by which name, and what is written.

use kusari_chain::{Block, BlockHash, CheckedBlock, Work};
use kusari_node::wire::{
    ErrorReport, GetBlocks, Have, Hello, InstanceId, LineFramer, MAX_LINE, MAX_PLAIN_LINE, Message,
    encode, receive,
};
use proptest::prelude::*;

fn code(line: &str) -> &'static str {
    receive(line.as_bytes()).expect_err(line).code()
}

fn samples() -> Vec<Message<CheckedBlock>> {
    let hash = Block::genesis().hash;
    let hello = Hello {
        agent: "kusari/0.1.0".to_string(),
        protocol: 1,
        chain: "classic".to_string(),
        height: 12,
        work: Work::of_classic_blocks(12),
        tip: hash,
        listen: Some(8080),
        id: InstanceId(0x0123),
        time: None,
    };
    let with_time = Message::Hello(Hello { time: Some(1_700_000_000), ..hello.clone() });
    vec![
        Message::Block(CheckedBlock::check(Block::genesis()).unwrap()),
        Message::GetChain,
        Message::Hello(Hello { listen: None, ..hello.clone() }),
        Message::Hello(hello),
        Message::GetBlocks(GetBlocks::After { locator: vec![hash], limit: 256 }),
        Message::GetBlocks(GetBlocks::ByHash(vec![hash, BlockHash::ZERO])),
        Message::End { count: 3, missing: vec![hash] },
        Message::Have(Have { hash, height: 1, work: Work::of_classic_blocks(1) }),
        Message::GetPeers,
        Message::Peers(vec!["127.0.0.1:1".parse().unwrap(), "[::1]:2".parse().unwrap()]),
        Message::Ping(u64::MAX),
        Message::Pong(0),
        Message::GetStatus,
        Message::GetHelp,
        Message::Error(ErrorReport { code: "bad-hash".to_string(), message: "\"x\"".to_string() }),
        with_time,
    ]
}

#[test]
fn every_message_is_read_as_it_was_written() {
    for message in samples() {
        let line = encode(&message);
        let (newline, line) = line.split_last().unwrap();
        assert_eq!(*newline, b'\n');
        assert!(!line.contains(&b'\n'));
        assert_eq!(receive(line), Ok(message));
    }
}

#[test]
fn lines_look_as_the_protocol_shows_them() {
    let lines: Vec<String> =
        samples().iter().map(|message| String::from_utf8(encode(message)).unwrap()).collect();
    let zeros = "0".repeat(64);
    let hash = Block::genesis().hash;
    assert_eq!(lines[1], "GET_CHAIN\n");
    assert_eq!(
        lines[3],
        format!(
            "HELLO:{{\"agent\":\"kusari/0.1.0\",\"protocol\":1,\"chain\":\"classic\",\
             \"height\":12,\"work\":\"{:064x}\",\"tip\":\"{hash}\",\"listen\":8080,\
             \"id\":\"0000000000000123\"}}\n",
            12 * 65_536
        )
    );
    assert_eq!(lines[4], format!("GET_BLOCKS:{{\"locator\":[\"{hash}\"],\"limit\":256}}\n"));
    assert_eq!(lines[5], format!("GET_BLOCKS:{{\"hashes\":[\"{hash}\",\"{zeros}\"]}}\n"));
    assert_eq!(lines[6], format!("END:{{\"count\":3,\"missing\":[\"{hash}\"]}}\n"));
    assert_eq!(lines[9], "PEERS:[\"127.0.0.1:1\",\"[::1]:2\"]\n");
    assert_eq!(lines[10], "PING:18446744073709551615\n");
    assert_eq!(lines[14], "ERROR:{\"code\":\"bad-hash\",\"message\":\"\\\"x\\\"\"}\n");
}

#[test]
fn any_line_that_starts_with_get_chain_asks_for_the_chain() {
    for line in ["GET_CHAIN", "GET_CHAIN\r", "GET_CHAINS", "GET_CHAIN:{}", "GET_CHAIN please"] {
        assert_eq!(receive(line.as_bytes()), Ok(Message::GetChain), "{line:?}");
    }
}

fn hello_without_listen() -> String {
    let line = encode(&samples()[2]);
    String::from_utf8(line).unwrap().trim_end().replace("\"listen\":null,", "")
}

#[test]
fn what_is_wrong_with_a_line_is_named() {
    let block = Block::genesis().to_canonical_json();
    let with = |from: &str, to: &str| format!("BLOCK:{}", block.replacen(from, to, 1));
    let nested = format!("BLOCK:{}", "[".repeat(100_000));
    let deep = format!("BLOCK:{{\"x\":{}", "[".repeat(100_000));
    for (line, expected) in [
        (String::new(), "empty-line"),
        ("\r".to_string(), "empty-line"),
        ("hello".to_string(), "unknown-verb"),
        ("BLOCK".to_string(), "bad-json"),
        ("BLOCK:".to_string(), "bad-json"),
        ("BLOCK:not json".to_string(), "bad-json"),
        ("BLOCK:{}".to_string(), "bad-field"),
        ("BLOCK:[]".to_string(), "bad-field"),
        (nested, "bad-field"),
        (deep, "bad-json"),
        (with("\"index\":0", "\"index\":-1"), "bad-field"),
        (with("\"index\":0", "\"index\":0.5"), "bad-field"),
        (with("\"index\":0", "\"index\":4294967296"), "bad-field"),
        (with("\"nonce\":2945", "\"nonce\":1e300"), "bad-field"),
        (with("\"nonce\":2945", "\"nonce\":18446744073709551616"), "bad-field"),
        (with("\"nonce\":2945", "\"nonce\":\"2945\""), "bad-field"),
        (with("\"nonce\":2945,", ""), "bad-field"),
        (with("\"nonce\":2945", "\"nonce\":2945,\"nonce\":2945"), "bad-field"),
        (with("\"hash\":\"0", "\"hash\":\""), "bad-field"),
        (with("\"hash\":\"0", "\"hash\":\"00"), "bad-field"),
        (with("\"nonce\":2945", "\"nonce\":2946"), "bad-genesis"),
        (with("\"index\":0", "\"index\":1"), "bad-hash"),
        ("HELLO:[1]".to_string(), "bad-field"),
        (hello_without_listen(), "bad-field"),
        ("GET_BLOCKS:{}".to_string(), "bad-field"),
        ("GET_BLOCKS:{\"locator\":[],\"hashes\":[]}".to_string(), "bad-field"),
        ("PEERS:[\"localhost:1\"]".to_string(), "bad-field"),
        ("PING:-1".to_string(), "bad-field"),
        (format!("PEERS:[{}\"1.1.1.1:1\"]", "\"1.1.1.1:1\",".repeat(64)), "too-many"),
    ] {
        assert_eq!(code(&line), expected, "{}", line.chars().take(80).collect::<String>());
    }
    assert_eq!(receive(b"BLOCK:\xff").expect_err("invalid UTF-8").code(), "bad-utf8");
}

#[test]
fn a_refusal_fits_an_original_nodes_buffer_and_one_line_whatever_it_quotes() {
    let nasty = "\u{1b}[2J\u{0}\n\"\\".repeat(500);
    let quoted = serde_json::to_string(&nasty).unwrap();
    for line in [format!("PING:{quoted}"), format!("{}:1", nasty.replace([':', '\n'], "")), quoted]
    {
        let report = receive(line.as_bytes()).expect_err("nonsense was read").report();
        let line = encode(&Message::<Block>::Error(report));
        assert!(line.len() <= MAX_PLAIN_LINE, "{} bytes", line.len());
        assert!(line[..line.len() - 1].iter().all(|byte| *byte >= 0x20), "a raw control character");
    }
}

#[test]
fn a_line_is_too_long_with_or_without_its_end() {
    for tail in [&b""[..], b"\n"] {
        let mut framer = LineFramer::default();
        framer.push(&vec![b'x'; MAX_PLAIN_LINE - 1]);
        assert_eq!(framer.next_line(), Ok(None));
        framer.push(b"\n");
        assert_eq!(
            framer.next_line().map(|line| line.map(<[u8]>::len)),
            Ok(Some(MAX_PLAIN_LINE - 1))
        );
        framer.push(&vec![b'x'; MAX_PLAIN_LINE]);
        framer.push(tail);
        assert!(framer.next_line().is_err());
    }
}

#[test]
fn lines_may_be_longer_after_hello_and_blocks_longest() {
    let mut framer = LineFramer::default();
    framer.set_introduced();
    framer.push(&vec![b'x'; MAX_LINE - 1]);
    assert_eq!(framer.next_line(), Ok(None));
    framer.push(b"x");
    assert!(framer.next_line().is_err());
    let mut framer = LineFramer::default();
    framer.set_introduced();
    framer.push(b"BLOCK:");
    framer.push(&vec![b'x'; MAX_LINE]);
    assert_eq!(framer.next_line(), Ok(None));
}

proptest! {
    #[test]
    fn no_bytes_panic_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = receive(&bytes);
    }

    #[test]
    fn the_framer_gives_the_same_lines_however_the_bytes_are_cut(
        text in "[a-c\n\r]{0,400}",
        cuts in proptest::collection::vec(1..40usize, 1..40),
    ) {
        let mut framer = LineFramer::default();
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut rest = text.as_bytes();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, tail) = rest.split_at((*size).min(rest.len()));
            framer.push(piece);
            while let Some(line) = framer.next_line().unwrap() {
                lines.push(line.to_vec());
            }
            rest = tail;
        }
        let mut whole: Vec<Vec<u8>> = text.as_bytes().split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let unfinished = whole.pop().unwrap_or_default();
        prop_assert_eq!(framer.buffered(), unfinished.len());
        prop_assert_eq!(lines, whole);
    }
}
