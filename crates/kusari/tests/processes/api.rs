//! The local API of real nodes: what it says, that what it takes is durable, and how it is found.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use kusari_api_types::Token;
use kusari_api_types::{NodeFile, PeerStage};
use kusari_chain::Block;
use kusari_client::{Client, ClientError};

use super::support::{
    HttpAnswer, Node, RawPeer, Setup, blocks, eventually, hello, http, one_chain_of,
};

fn node_file(node: &Node) -> NodeFile {
    kusari_client::read_node_file(&node.directory()).unwrap().unwrap()
}

pub(crate) fn client(node: &Node) -> Client {
    let file = node_file(node);
    Client::new(&format!("http://{}", file.http.unwrap()), Token::parse(&file.token)).unwrap()
}

#[track_caller]
fn record(client: &Client, text: &str) -> u64 {
    client.record(text, &mut |detail| panic!("{detail}")).unwrap().id
}

/// Where the node said that its API answers.
fn printed_address(node: &Node) -> SocketAddr {
    let line = node.wait_for("Local API on http://");
    line.trim_start_matches("Local API on http://").parse().unwrap()
}

#[test]
fn what_a_node_has_can_be_asked() {
    let a = Node::start("A");
    let b = Setup::new("B").connect(a.port).start();
    let id = record(&client(&a), "hello \"world\"");
    b.wait_for("Data       : hello ");
    for node in [&a, &b] {
        let client = client(node);
        let status = client.status().unwrap();
        assert_eq!((status.height, status.chain.as_str()), (1, "classic"));
        assert_eq!(status.agent, format!("kusari/{}", env!("CARGO_PKG_VERSION")));
        assert_eq!(status.listen.unwrap().port(), node.port);
        let directory = node.directory().canonicalize().unwrap();
        assert_eq!(status.data_directory.as_deref(), directory.to_str());

        let page = client.blocks(0, 256).unwrap();
        assert_eq!((page.blocks.len(), page.next), (2, None));
        assert_eq!(page.blocks[0].block, Block::genesis());
        assert_eq!(page.blocks[1].block.data, "hello \"world\"");
        assert_eq!(client.blocks(0, 1).unwrap().next, Some(1));
        assert!(client.blocks(2, 10).unwrap().blocks.is_empty());

        let tip = client.block(&status.tip.to_string()).unwrap().unwrap();
        assert_eq!(tip.block, page.blocks[1]);
        assert_eq!((tip.best_chain, tip.confirmations, tip.work), (true, 1, status.work));
        let genesis = client.block("0").unwrap().unwrap();
        assert_eq!((genesis.block.block, genesis.confirmations), (Block::genesis(), 2));
        assert_eq!(client.block("2").unwrap(), None);
    }
    let report = client(&a).record_state(id).unwrap().unwrap();
    let place = report.block.unwrap();
    assert_eq!(
        (report.text.as_str(), place.height, place.confirmations),
        ("hello \"world\"", 1, 1)
    );
    // Records are numbered by the node they were given to.
    assert_eq!(client(&b).record_state(id).unwrap(), None);
}

#[test]
fn a_settled_record_still_says_where_it_stands() {
    let node = Node::start("node");
    let client = client(&node);
    let first = record(&client, "first");
    for number in 2..=8 {
        record(&client, &format!("line {number}"));
    }
    node.wait_for("Data       : line 8");
    let place = client.record_state(first).unwrap().unwrap().block.unwrap();
    assert_eq!((place.height, place.confirmations), (1, 8));
}

#[test]
fn a_peer_that_is_asked_for_is_connected_and_listed() {
    let a = Node::start("A");
    let b = Node::start("B");
    let address = format!("127.0.0.1:{}", a.port);
    assert!(!client(&b).connect(&address).unwrap().already_dialled);
    assert!(client(&b).connect(&address).unwrap().already_dialled);
    b.wait_for(&format!("{address} introduced itself"));
    let peers = eventually("B lists A", || {
        let peers = client(&b).peers().unwrap().peers;
        (peers.first()?.stage == PeerStage::Introduced).then_some(peers)
    });
    assert_eq!(peers.len(), 1);
    assert_eq!((peers[0].address.to_string(), peers[0].inbound), (address, false));
    assert_eq!(client(&b).status().unwrap().outbound_peers, 1);
    assert!(client(&a).peers().unwrap().peers[0].inbound);
    let refusal = client(&b).connect("nowhere").unwrap_err().to_string();
    assert!(refusal.contains("write `host:port`"), "{refusal}");
}

#[test]
fn what_was_answered_with_202_outlives_kill_and_is_mined_once() {
    let witness = Node::start("witness");
    let mut node = Setup::new("victim").connect(witness.port).start();
    let lines: Vec<String> = (1..=5).map(|number| format!("line {number}")).collect();
    let before = client(&node);
    for line in &lines {
        record(&before, line);
    }
    node.kill();
    // The file is left behind; the next node writes its own.
    assert_eq!(node_file(&node).pid, node.pid());
    node.restart();
    assert_eq!(node_file(&node).pid, node.pid());
    one_chain_of(&[&node, &witness], &lines);
    for id in 1..=5 {
        let report = client(&node).record_state(id).unwrap().unwrap();
        assert!(report.block.is_some(), "{report:?}");
    }
    let token_of_before = before.record("late", &mut |_| ()).unwrap_err();
    assert!(matches!(token_of_before, ClientError::Unreachable { .. } | ClientError::Token { .. }));
}

#[test]
fn a_record_is_taken_with_the_token_alone() {
    let node = Node::start("node");
    let NodeFile { http: address, token, .. } = node_file(&node);
    let address = address.unwrap();
    let post = |headers: &str| http(address, "POST /v1/records", headers, "{\"text\":\"hi\"}");
    let assert_problem = |answer: &HttpAnswer, status: u16| {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    };
    assert_problem(&post(""), 401);
    assert_problem(&post(&format!("Authorization: Bearer {}\r\n", "0".repeat(64))), 401);
    let token = format!("Authorization: Bearer {token}\r\n");
    assert_problem(&post(&format!("{token}Origin: http://evil.example\r\n")), 403);
    let answer = post(&format!("{token}Origin: http://{address}\r\n"));
    assert_eq!((answer.status, answer.header("location")), (202, Some("/v1/records/1")));
    node.wait_for("Data       : hi");
    let answer = http(address, "GET /v1/records/1", "", "");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert!(
        answer
            .body
            .starts_with("{\"id\":1,\"text\":\"hi\",\"state\":\"mined\",\"block\":{\"height\":1,")
    );
    // Neither an empty line nor one that fits no block is taken.
    for text in [String::new(), "x".repeat(3_827)] {
        let body = format!("{{\"text\":\"{text}\"}}");
        assert_problem(&http(address, "POST /v1/records", &token, &body), 422);
    }
    assert_eq!(node.chain().data(), ["hi"]);
}

#[test]
fn a_node_is_found_by_its_file_while_it_runs() {
    let mut node = Node::start("node");
    let file = node_file(&node);
    assert_eq!((file.pid, file.listen.port()), (node.pid(), node.port));
    assert_eq!(file.http, Some(printed_address(&node)));
    assert_eq!(file.token.len(), 64);
    let path = node.directory().join("node.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    node.terminate();
    assert!(!path.exists(), "node.json outlived the node");
    // Another start draws another token.
    node.restart();
    assert_ne!(node_file(&node).token, file.token);
}

#[test]
fn two_nodes_of_one_machine_have_an_api_each() {
    let (a, b) = (Node::start("A"), Node::start("B"));
    assert_ne!(printed_address(&a), printed_address(&b));
    for node in [&a, &b] {
        let status = client(node).status().unwrap();
        assert_eq!(status.listen.unwrap().port(), node.port);
    }
}

#[test]
fn an_address_that_was_asked_for_by_name_and_is_taken_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut node = Setup::new("node").args(["--http", &address]).spawn();
    assert_eq!(node.wait_for_end().code(), Some(1));
    let said = node.err.lines().join("\n");
    assert!(
        said.starts_with(&format!("error: the local API cannot answer on {address}: ")),
        "{said}"
    );
    assert!(said.ends_with("; without --http it has a free port"), "{said}");
    assert_eq!(kusari_client::read_node_file(&node.directory()).unwrap(), None);
}

#[test]
fn a_node_that_cannot_say_where_it_is_does_not_stay() {
    let setup = Setup::new("node");
    std::fs::create_dir_all(setup.directory().join("node.json")).unwrap();
    let mut node = setup.spawn();
    assert_eq!(node.wait_for_end().code(), Some(1));
    let said = node.err.lines().join("\n");
    assert!(said.contains("node.json cannot be written to "), "{said}");
    assert_eq!(node.out.count("Listening on"), 0);
}

#[test]
fn an_api_that_is_off_is_said_to_be_off() {
    let node = Setup::new("node").args(["--http", "off"]).start();
    assert_eq!(node_file(&node).http, None);
    node.wait_for("Listening on ");
    assert_eq!(node.out.count("Local API"), 0);
}

fn token_in(file: &Path) -> Token {
    kusari_client::read_token(file).unwrap()
}

#[test]
fn a_script_writes_to_a_node_without_a_directory_by_a_token_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    let arguments = ["--listen", "127.0.0.1:0", "--ephemeral", "--miner-threads", "1"];
    let node =
        Setup::bare("node").args(arguments).args(["--token-file", file.to_str().unwrap()]).start();
    let client =
        Client::new(&format!("http://{}", printed_address(&node)), Some(token_in(&file))).unwrap();
    assert_eq!(client.status().unwrap().data_directory, None);
    record(&client, "hi");
    node.wait_for("Data       : hi");
}

#[test]
fn a_token_file_gives_the_same_token_at_every_start() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    let mut node = Setup::new("node").args(["--token-file", file.to_str().unwrap()]).start();
    let token = node_file(&node).token;
    assert_eq!(token_in(&file).expose(), token);
    node.terminate();
    node.restart();
    assert_eq!(node_file(&node).token, token);
}

#[test]
fn a_token_file_that_everybody_can_read_starts_no_node() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("token");
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let mut node = Setup::new("node").args(["--token-file", file.to_str().unwrap()]).spawn();
    assert_eq!(node.wait_for_end().code(), Some(1));
    assert!(node.err.lines().join("\n").contains("make it private with `chmod 600`"));
}

#[test]
fn a_block_of_another_node_can_be_asked_for_as_soon_as_it_is_told_of_and_then_becomes_durable() {
    let node = Node::start("A");
    let client = client(&node);
    let chain = blocks::mine_many(&Block::genesis(), "asked for", 4);
    let mut peer = RawPeer::connect(node.port);
    peer.send(&hello(7, "classic", &chain[3]));
    peer.wait_for("GET_BLOCKS:");
    // The last one is still to come, so that these wait for it before they are written.
    peer.send_bytes(blocks::lines(&chain[..3]).as_bytes());
    let status = eventually("three blocks are accepted", || {
        Some(client.status().unwrap()).filter(|status| status.height == 3)
    });
    assert_eq!(status.tip, chain[2].hash);
    for which in ["3".to_owned(), chain[2].hash.to_string()] {
        let block = client.block(&which).unwrap().unwrap();
        assert_eq!((block.block.block.hash, block.confirmations), (chain[2].hash, 1));
    }
    assert_eq!(client.blocks(0, 256).unwrap().blocks.len(), 4);
    let headers = http(printed_address(&node), "GET /v1/headers?from=2", "", "").body;
    assert_eq!(headers.matches("\"durable\":").count(), 2, "{headers}");
    eventually("all of it is durable", || client.status().unwrap().durable.then_some(()));
    assert!(client.block("3").unwrap().unwrap().durable);
}
