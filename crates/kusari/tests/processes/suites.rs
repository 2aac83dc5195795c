//! The suite `bad-input` over real sockets: what the node in a process answers is what the node in
//! the suite does.

use serde_json::Value;

use super::support::{RawPeer, Setup};

/// Asked behind everything else, to see whether the node still listens.
const STATUS: &str = "STATUS\n";

/// Bytes in the notation of the suites.
fn expand(bytes: &Value) -> Vec<u8> {
    if let Some(text) = bytes.as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(parts) = bytes.as_array() {
        return parts.iter().flat_map(expand).collect();
    }
    if let Some(hex) = bytes["hex"].as_str() {
        let digits: Vec<char> = hex.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        return digits.chunks(2).map(|pair| byte(pair).unwrap()).collect();
    }
    expand(&bytes["repeat"]).repeat(bytes["times"].as_u64().unwrap().try_into().unwrap())
}

/// A line as the suite writes it: without what differs from node to node.
fn summary(line: &str) -> String {
    let (verb, json) = line.split_once(':').unwrap_or((line, "null"));
    let json: Value = serde_json::from_str(json).unwrap();
    match verb {
        "BLOCK" => format!("BLOCK {}", json["hash"].as_str().unwrap()),
        "ERROR" => format!("ERROR {}", json["code"].as_str().unwrap()),
        "HELLO" | "STATUS" | "HELP" => verb.to_owned(),
        _ => line.to_owned(),
    }
}

/// Sends bytes and nothing more, and returns every line that comes back.
fn talk(port: u16, bytes: &[u8]) -> Vec<String> {
    let mut peer = RawPeer::connect(port);
    peer.send_bytes(bytes);
    peer.finish();
    std::iter::from_fn(|| peer.line_or_end()).collect()
}

#[test]
fn a_process_answers_bad_input_as_the_suite_says() {
    let suite: Value =
        serde_json::from_str(include_str!("../../../../conformance/bad-input.json")).unwrap();
    for case in suite["cases"].as_array().unwrap() {
        let (input, expected) = (&case["input"], &case["expected"]);
        let name = case["name"].as_str().unwrap();
        let setup = Setup::bare(name).args(["--listen", "127.0.0.1:0", "--ephemeral"]);
        let node = setup.args(["--miner-threads", "1"]).start();
        for block in input["chain"].as_array().unwrap() {
            assert!(
                talk(node.port, format!("{}\n", block.as_str().unwrap()).as_bytes()).is_empty()
            );
        }

        // This answer waits until the chain is on disk, so that no other one has to.
        assert_eq!(talk(node.port, b"GET_CHAIN\n").len(), input["chain"].as_array().unwrap().len());

        let mut bytes = expand(&input["bytes"]);
        let list = expected["answers"].as_array().unwrap();
        let mut answers: Vec<&str> = list.iter().map(|answer| answer.as_str().unwrap()).collect();
        let whole = bytes.is_empty() || bytes.ends_with(b"\n");
        if input["ends"] != true {
            // The connection of a test ends in any case, so another question tells whether the
            // node would have gone on; behind half a line it would be no question.
            if expected["closes"] == true || whole {
                bytes.extend_from_slice(STATUS.as_bytes());
                answers.extend((expected["closes"] == false).then_some("STATUS"));
            } else {
                answers.push("ERROR line-without-end");
            }
        }
        let lines = talk(node.port, &bytes);
        let mut found: Vec<String> = match lines.first().filter(|line| line.starts_with("HTTP/")) {
            // What follows in it is for people.
            Some(first) => vec![first.trim_end().to_owned()],
            None => lines.iter().map(|line| summary(line)).collect(),
        };
        if bytes.starts_with(b"GET_CHAIN\n") {
            // It is asked in turn once it has its answer; this connection may have ended by then.
            found.retain(|line| line != "GET_CHAIN");
            answers.retain(|line| *line != "GET_CHAIN");
        }
        assert_eq!(found, answers, "{name}");

        let status = talk(node.port, STATUS.as_bytes()).remove(0);
        let status: Value = serde_json::from_str(status.split_once(':').unwrap().1).unwrap();
        for key in ["height", "tip"] {
            assert_eq!(status[key], expected[key], "{name}");
        }
    }
}
