//! Three nodes, and connections that nobody needs.

use kusari_api_types::NodeFile;

use super::support::{Node, Proxy, RawPeer, Setup, eventually, http, one_chain_of};

fn triangle() -> [Node; 3] {
    let a = Node::start("A");
    let b = Setup::new("B").connect(a.port).start();
    let c = Setup::new("C").connect(a.port).connect(b.port).start();
    a.wait_for_nth("introduced itself", 2);
    b.wait_for_nth("introduced itself", 2);
    c.wait_for_nth("introduced itself", 2);
    [a, b, c]
}

#[test]
fn in_a_triangle_each_block_is_added_exactly_once_everywhere() {
    let mut nodes = triangle();
    let mut said = Vec::new();
    for index in 1..=12 {
        let speaker = index % 3;
        let line = format!("line {index} from node {speaker}");
        nodes[speaker].say(&line);
        said.push(line);
        for node in &nodes {
            node.wait_for(&format!("Added new block index={index}, "));
        }
    }
    let [a, b, c] = &nodes;
    let chain = one_chain_of(&[a, b, c], &said);
    assert_eq!(chain.data(), said);
    for node in &nodes {
        for block in &chain.0 {
            let line = format!(
                "Added new block index={}, nonce={}, hash={}",
                block.index, block.nonce, block.hash
            );
            assert_eq!(node.out.count(&line), 1, "{line}");
        }
        assert_eq!(node.out.count("Added new block"), chain.0.len());
        assert_eq!(node.out.count("Reorganised"), 0);
    }
}

/// Two nodes may find a block at the same time. Whichever wins, nothing that was typed is lost or
/// said twice.
#[test]
fn lines_typed_everywhere_at_once_all_end_in_one_chain_once() {
    let mut nodes = triangle();
    let mut said = Vec::new();
    for round in 1..=8 {
        for (number, node) in nodes.iter_mut().enumerate() {
            let line = format!("round {round} from node {number}");
            node.say(&line);
            said.push(line);
        }
    }
    // Even the same text twice is two lines.
    for node in &mut nodes {
        node.say("the same everywhere");
        said.push(String::from("the same everywhere"));
    }
    let [a, b, c] = &nodes;
    let chain = one_chain_of(&[a, b, c], &said);
    for node in &nodes {
        for block in &chain.0 {
            // A node may give out its chain before its screen has shown the end of it.
            node.wait_for(&format!("hash={}", block.hash));
            // A block that a reorganisation took out and another brought back is added again; one
            // that was never taken out is added once.
            let added = node.out.count(&format!("hash={}", block.hash));
            let again = node.out.count("Reorganised ");
            assert!((1..=1 + again).contains(&added), "added {added} times: {block:?}");
        }
    }
}

#[test]
fn a_node_that_dials_itself_notices_and_works() {
    // The port is not known before it listens, so the way leads through a proxy.
    let way = Proxy::new(0);
    way.cut();
    let mut b = Setup::new("B").connect(way.port).start();
    way.lead_to(b.port);
    way.mend();
    b.wait_for("this is a connection to ourselves");
    let c = Setup::new("C").connect(b.port).start();
    b.say("hi");
    one_chain_of(&[&b, &c], &[String::from("hi")]);
}

fn peers_of(node: &Node) -> u64 {
    let mut peer = RawPeer::connect(node.port);
    peer.send("STATUS");
    let status: serde_json::Value =
        serde_json::from_str(peer.line().strip_prefix("STATUS:").unwrap()).unwrap();
    // The one who asks is connected too.
    status["peers"].as_u64().unwrap() - 1
}

#[test]
fn two_nodes_that_dial_each_other_keep_one_connection() {
    let b = Node::start("B");
    let mut a = Setup::new("A").connect(b.port).start();
    a.wait_for("introduced itself");
    let NodeFile { http: address, token, .. } =
        kusari_client::read_node_file(&b.directory()).unwrap().unwrap();
    let body = format!("{{\"address\":\"127.0.0.1:{}\"}}", a.port);
    let headers = format!("Authorization: Bearer {}\r\n", token);
    let answer = http(address.unwrap(), "POST /v1/peers", &headers, &body);
    assert!(answer.status / 100 == 2, "{answer:?}");
    eventually("one of the two is closed", || {
        [&a, &b].iter().any(|n| n.out.count("the same node is connected already") > 0).then_some(())
    });
    eventually("one connection is left on both sides", || {
        (peers_of(&a) == 1 && peers_of(&b) == 1).then_some(())
    });
    a.say("hi");
    b.wait_for("Added new block index=1, ");
    one_chain_of(&[&a, &b], &[String::from("hi")]);
}

#[test]
fn one_node_under_two_names_is_connected_once() {
    let mut a = Node::start("A");
    let localhost = format!("localhost:{}", a.port);
    let b = Setup::new("B").connect(a.port).args(["--connect", localhost.as_str()]).start();
    b.wait_for_nth("Connected to ", 2);
    b.wait_for("the same node is connected already");
    eventually("one connection is left on both sides", || {
        (peers_of(&a) == 1 && peers_of(&b) == 1).then_some(())
    });
    a.say("hi");
    b.wait_for("Added new block index=1, ");
    one_chain_of(&[&a, &b], &[String::from("hi")]);
}
