//! Streams of events of real nodes: what comes, who comes back, and who does not read.

use std::net::SocketAddr;

use kusari_api_types::{NodeEvent, PeerChange, TransactionState};
use kusari_chain::Block;

use super::pages::matches;
use super::support::blocks::mine_many;
use super::support::{EventStream, Node, RawPeer, Setup};

fn api(node: &Node) -> SocketAddr {
    kusari_client::read_node_file(&node.directory()).unwrap().unwrap().http.unwrap()
}

/// The height and hash of a block that an event tells of.
#[track_caller]
fn block(event: &NodeEvent) -> (u32, String) {
    match event {
        NodeEvent::Block { tip, .. } => (tip.height, tip.hash.to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_typed_on_one_node_is_told_as_a_block_on_anothers_stream() {
    let mut a = Node::start("A");
    let b = Node::start("B");
    let mut stream = EventStream::open(api(&b));
    let address: SocketAddr = ([127, 0, 0, 1], a.port).into();
    let client = super::api::client(&b);
    client.connect(&address.to_string()).unwrap();
    let peer = |change| Some(NodeEvent::Peer { address, change });
    assert_eq!(stream.next(), peer(PeerChange::Connected { inbound: false }));
    let agent = format!("kusari/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(stream.next(), peer(PeerChange::Introduced { agent }));

    a.say("first");
    let told = stream.next().unwrap();
    // What was told can be asked for.
    let status = client.status().unwrap();
    assert_eq!(block(&told), (1, status.tip.to_string()));
    assert!(matches!(told, NodeEvent::Block { tip, transactions: 0 } if tip.work == status.work));

    // The stream breaks, and two blocks come meanwhile.
    let last_id = stream.last_id.clone();
    drop(stream);
    a.say("second");
    a.say("third");
    b.wait_for("Data       : third");
    let mut stream = EventStream::after(api(&b), &last_id);
    for missed in client.blocks(2, 2).unwrap().blocks {
        let told = stream.next().unwrap();
        assert_eq!(block(&told), (missed.block.index, missed.block.hash.to_string()));
    }
    a.say("fourth");
    assert_eq!(block(&stream.next().unwrap()).0, 4);

    a.terminate();
    let gone = stream.next();
    assert!(
        matches!(&gone, Some(NodeEvent::Peer { change: PeerChange::Disconnected { .. }, .. })),
        "{gone:?}"
    );
}

#[test]
fn a_stream_ends_with_its_node_and_another_run_says_that_it_knows_nothing_of_it() {
    let mut node = Node::start("node");
    let mut stream = EventStream::open(api(&node));
    node.say("first");
    assert_eq!(block(&stream.next().unwrap()).0, 1);
    let last_id = stream.last_id.clone();
    node.terminate();
    assert_eq!(stream.rest(), "");

    node.restart();
    let mut stream = EventStream::after(api(&node), &last_id);
    assert_eq!(stream.next(), Some(NodeEvent::Missed { count: None }));
    node.say("second");
    assert_eq!(block(&stream.next().unwrap()).0, 2);
}

#[test]
fn a_reorganisation_is_told_with_its_depth_and_both_tips() {
    let node = Node::start("node");
    let ours = mine_many(&Block::genesis(), "ours ", 2);
    let theirs = mine_many(&Block::genesis(), "theirs ", 3);
    let mut stream = EventStream::open(api(&node));
    RawPeer::bring(node.port, &ours);
    RawPeer::bring(node.port, &theirs);
    let NodeEvent::Reorganisation { depth, from, to } = stream.wait_for("reorganisation") else {
        panic!("another kind");
    };
    assert_eq!((depth, from.hash), (2, ours[1].hash));
    // Between branches of the same length hashes decide.
    assert!([theirs[1].hash, theirs[2].hash].contains(&to.hash), "{to:?}");
    // The blocks of the branch that won follow, lowest first.
    for connected in &theirs {
        let told = stream.wait_for("block");
        assert_eq!(block(&told), (connected.index, connected.hash.to_string()));
    }
}

#[test]
fn a_held_branch_is_told_on_the_stream() {
    let ours = mine_many(&Block::genesis(), "ours ", 3);
    let theirs = mine_many(&Block::genesis(), "theirs ", 4);
    let setup = Setup::new("node").args(["--max-reorg-depth", "2"]);
    let lines = super::support::blocks::lines(&ours);
    super::support::command::on_with(&setup.directory(), "import -", lines.as_bytes()).printed();
    let node = setup.start();
    let mut stream = EventStream::open(api(&node));
    RawPeer::bring(node.port, &theirs);
    let NodeEvent::HeldBranch { tip, branch, others } = stream.wait_for("held-branch") else {
        panic!("another kind");
    };
    assert_eq!((tip.hash, branch.hash, others), (ours[2].hash, theirs[3].hash, 0));
    assert_eq!((branch.reverts, branch.ahead), (3, true));
}

#[test]
fn a_transaction_of_a_ledger_is_told_where_it_waits_and_to_its_node_when_it_is_mined() {
    let mut a = Setup::new("A").args(["--chain", "ledger", "--mine", "off"]).start();
    let b = Setup::new("B").args(["--chain", "ledger"]).connect(a.port).start();
    a.wait_for("introduced itself");
    b.wait_for("introduced itself");
    let (mut at_a, mut at_b) = (EventStream::open(api(&a)), EventStream::open(api(&b)));
    a.say("hi");
    let NodeEvent::Transaction { txid, own: true, state: TransactionState::Waiting, by: None } =
        at_a.wait_for("transaction")
    else {
        panic!("A does not know its own transaction");
    };
    let state = TransactionState::Waiting;
    let waiting = NodeEvent::Transaction { txid, own: false, state, by: None };
    assert_eq!(at_b.wait_for("transaction"), waiting);
    for stream in [&mut at_a, &mut at_b] {
        let told = stream.wait_for("block");
        assert!(matches!(told, NodeEvent::Block { transactions: 1, .. }), "{told:?}");
    }
    let mined =
        NodeEvent::Transaction { txid, own: true, state: TransactionState::Mined, by: None };
    assert_eq!(at_a.wait_for("transaction"), mined);
}

#[test]
fn streams_that_nobody_reads_stop_no_node() {
    let mut node = Node::start("node");
    let unread: Vec<EventStream> = (0..15).map(|_| EventStream::open(api(&node))).collect();
    let mut read = EventStream::open(api(&node));
    // More than the node keeps for those who come back.
    let chain = mine_many(&Block::genesis(), "block ", 1_500);
    RawPeer::bring(node.port, &chain);
    let last = chain.last().unwrap().hash;
    node.say("still here");
    let client = super::api::client(&node);
    loop {
        let is_last = match read.next().unwrap() {
            NodeEvent::Block { tip, .. } => tip.height == 1_501,
            // This reader fell behind as well, and is told so; the last block may be among what it missed.
            NodeEvent::Missed { .. } => client.status().unwrap().height == 1_501,
            _ => false,
        };
        if is_last {
            break;
        }
    }
    let block = client.block("1501").unwrap().unwrap().block.block;
    assert_eq!((block.data.as_str(), block.prev_hash), ("still here", last));
    node.terminate();
    drop(unread);
}

#[test]
fn the_stream_that_the_page_shows_is_what_comes() {
    let page = include_str!("../../../../docs/api.md");
    let shown = page.split("$ curl -sN $api/v1/events\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    let mut node = Node::start("node");
    let mut stream = EventStream::open(api(&node));
    node.say("hi");
    for shown in shown.lines() {
        let line = stream.line().unwrap();
        assert!(matches(&line, shown), "the page shows {shown}\nbut it is {line}");
    }
}
