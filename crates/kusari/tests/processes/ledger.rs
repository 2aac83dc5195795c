//! A ledger between processes: what nodes of the original kind see of it, and who is turned away.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use kusari_chain::{Block, WholeBlock};

#[cfg(target_os = "linux")]
use super::support::Terminal;
use super::support::blocks::{self, Chain};
use super::support::command::{kusari, on};
use super::support::{Node, Original, Proxy, RawPeer, Setup, eventually, hello, http};

/// A node of the built-in ledger, whose wallet has a passphrase.
fn ledger_node(name: &str) -> Node {
    let setup = Setup::new(name);
    let file = passphrase(&setup);
    setup.args(["--chain", "ledger", "--passphrase-file", file.to_str().unwrap()]).start()
}

fn passphrase(setup: &Setup) -> PathBuf {
    let file = setup.home().join("passphrase");
    fs::write(&file, "secret\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// Records a text and waits until it is mined. Returns its transaction.
#[track_caller]
fn record(node: &Node, text: &str) -> serde_json::Value {
    let file = node.directory().parent().unwrap().join("passphrase");
    let words = format!("record {text} --confirmations 1 --json --passphrase-file");
    let printed = on(&node.directory(), &format!("{words} {}", file.display())).printed();
    serde_json::from_str(&printed).unwrap()
}

/// The same without anybody who waits for confirmations, for whom a node may mine a block more. It comes
/// to stand at this height.
#[track_caller]
fn record_without_waiting(node: &Node, text: &str, height: u32) -> serde_json::Value {
    let file = node.directory().parent().unwrap().join("passphrase");
    let words = format!("record {text} --json --passphrase-file {}", file.display());
    let printed = on(&node.directory(), &words).printed();
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let txid = report["txid"].as_str().unwrap();
    node.wait_for(&format!("Your transaction {txid} stands in block {height}"));
    eventually("its block is stored", || {
        let found = on(&node.directory(), &format!("tx {txid} --json")).printed();
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        (found["block"]["height"] == height).then_some(found)
    })
}

/// A peer that introduced itself to a node of the built-in ledger, and has nothing.
#[track_caller]
fn ledger_peer(port: u16, id: u64) -> RawPeer {
    let chain = kusari("chain-spec id ledger").printed();
    let mut peer = RawPeer::connect(port);
    peer.send(&hello(id, chain.trim_end(), &Block::genesis()));
    peer.wait_for("HELLO:");
    peer.wait_for("GET_MEMPOOL");
    peer
}

/// The best chain as whole blocks, one line each.
#[track_caller]
fn whole_lines(node: &Node, id: u64) -> Vec<String> {
    let mut peer = ledger_peer(node.port, id);
    peer.send("GET_BLOCKS:{\"locator\":[]}");
    let mut lines = Vec::new();
    loop {
        let line = peer.line();
        match line.starts_with("BLOCK:") {
            true => lines.push(line),
            false if line.starts_with("END:") => return lines,
            false => {}
        }
    }
}

#[track_caller]
fn check_seven_keys(original: &Original) {
    original.check_was_spared(0);
    for line in original.heard() {
        assert!(!line.contains("\"commitment\"") && !line.contains("\"body\""), "{line}");
    }
}

#[test]
fn an_original_follows_a_ledger_by_blocks_of_seven_keys() {
    let node = ledger_node("ledger");
    record(&node, "first");
    let original = Original::new(Vec::new());
    original.dial(node.port);
    let first = eventually("it took the first block", || original.chain().first().cloned());
    assert!(first.data.starts_with("kusari1:") && first.transactions.is_empty());
    // A new block comes by itself.
    let report = record(&node, "second");
    let hash = report["block"]["hash"].as_str().unwrap();
    eventually("the new block came", || {
        original.chain().iter().any(|block| block.hash.to_string() == hash).then_some(())
    });
    eventually("both have one chain", || (node.chain().0 == original.chain()).then_some(()));
    check_seven_keys(&original);
}

#[test]
fn a_record_and_the_wait_for_it_take_one_connection_to_the_local_api() {
    let node = ledger_node("one-connection");
    let file = node.directory().join("node.json");
    let mut told: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let http: SocketAddr = told["http"].as_str().unwrap().parse().unwrap();
    let proxy = Proxy::new(http.port());
    told["http"] = format!("127.0.0.1:{}", proxy.port).into();
    fs::write(&file, told.to_string()).unwrap();
    record(&node, "one");
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn seven_keys_that_an_original_passes_on_make_a_node_ask_for_the_whole_block() {
    let source = ledger_node("source");
    let report = record(&source, "told");
    let (txid, lines) = (report["txid"].as_str().unwrap(), whole_lines(&source, 1));
    let whole: WholeBlock = serde_json::from_str(lines[0].strip_prefix("BLOCK:").unwrap()).unwrap();
    let bare = blocks::line(&whole.block);

    let node = ledger_node("node");
    let other = Original::new(Vec::new());
    other.dial(node.port);
    let mut original = RawPeer::connect(node.port);
    original.send("GET_CHAIN");
    node.wait_for_nth("asked for the chain", 2);
    // Nobody has the whole of it: it is neither stored nor passed on.
    original.send(&bare);
    original.send(&bare);
    assert_eq!(height_after(&mut original), 0);
    assert!(other.heard().iter().all(|line| line == "GET_CHAIN"), "{:?}", other.heard());

    // With whoever introduced itself, it is asked for by its hash.
    let mut peer = ledger_peer(node.port, 2);
    original.send(&bare);
    let asked = peer.wait_for("GET_BLOCKS:");
    assert_eq!(asked, format!("GET_BLOCKS:{{\"hashes\":[\"{}\"]}}", whole.block.hash));
    // The seven keys do not stand in the way of the whole.
    peer.send(&lines[0]);
    peer.send("END:{\"count\":1,\"missing\":[]}");
    other.wait_for_line(&bare, 1);
    let here = on(&node.directory(), &format!("tx {txid} --json")).printed();
    assert!(here.contains("\"told\"") && here.contains(&whole.block.hash.to_string()), "{here}");
    assert_eq!(node.out.count("Rejected"), 0);
    check_seven_keys(&other);
}

/// The height of a node, once it has dealt with all that this peer sent before.
#[track_caller]
fn height_after(peer: &mut RawPeer) -> u64 {
    peer.send("STATUS");
    let line = peer.wait_for("STATUS:");
    let status: serde_json::Value =
        serde_json::from_str(line.strip_prefix("STATUS:").unwrap()).unwrap();
    status["height"].as_u64().unwrap()
}

#[test]
fn two_ledger_nodes_and_an_original_come_to_one_chain() {
    let a = ledger_node("A");
    let setup = Setup::new("B").connect(a.port);
    let file = passphrase(&setup);
    let b = setup.args(["--chain", "ledger", "--passphrase-file", file.to_str().unwrap()]).start();
    let original = Original::new(Vec::new());
    original.dial(a.port);
    original.dial(b.port);
    for (node, text) in [(&a, "one"), (&b, "two"), (&a, "three")] {
        record(node, text);
    }
    let chain = eventually("all have one chain", || {
        // Both mine what is recorded, so the original may hear of blocks that lost.
        let (ours, theirs, heard) = (a.get_chain(), b.get_chain(), original.chain());
        let knows_all = Chain::read(&ours).0.iter().all(|block| heard.contains(block));
        (ours == theirs && knows_all).then_some(ours)
    });
    assert!(!String::from_utf8(chain).unwrap().contains("commitment"));
    assert_eq!(a.out.count("Rejected") + b.out.count("Rejected"), 0);
    check_seven_keys(&original);
}

#[test]
fn a_classic_node_that_dials_a_ledger_is_told_why_it_is_refused() {
    let ledger = ledger_node("ledger");
    let classic = Setup::new("classic").connect(ledger.port).start();
    let id = kusari("chain-spec id ledger").printed();
    let sentence = format!("this node follows {:?}, not \"classic\"", id.trim_end());
    let told = classic.wait_for("refused something of ours: ");
    assert!(told.ends_with(&sentence), "{told}");
    classic.wait_for(&format!("Disconnected from 127.0.0.1:{}", ledger.port));
    ledger.wait_for("the peer follows another chain");

    let mut peer = RawPeer::connect(ledger.port);
    peer.send(&hello(7, "classic", &Block::genesis()));
    let error = peer.wait_for("ERROR:");
    assert!(error.starts_with("ERROR:{\"code\":\"wrong-chain\",\"message\":"), "{error}");
    assert!(error.contains("not \\\"classic\\\""), "{error}");
    assert_eq!(peer.line_or_end(), None);
}

/// Without a file that holds it, the passphrase is asked for once, when something must be signed.
#[cfg(target_os = "linux")]
#[test]
fn a_person_at_a_terminal_is_asked_for_the_passphrase_which_is_never_shown() {
    let setup = Setup::new("ledger").args(["--chain", "ledger"]);
    let file = passphrase(&setup);
    on(&setup.directory(), &format!("wallet new --passphrase-file {}", file.display())).printed();
    let mut terminal = Terminal::start_in_session(&setup);
    let mut at = terminal.wait_for(0, "The wallet is locked; it is asked for when it must sign");
    at = terminal.wait_for(at, "msg> ");
    terminal.press("said at a terminal\r");
    at = terminal.wait_for(at, "Passphrase of ");
    terminal.wait_until_hidden();
    terminal.press("wrong\r");
    at = terminal.wait_for(at, "the passphrase is wrong");
    at = terminal.wait_for(at, "msg> ");
    terminal.press("once more\r");
    at = terminal.wait_for(at, "Passphrase of ");
    terminal.wait_until_hidden();
    terminal.press("secret\r");
    // What was typed before the wallet opened was kept. A block is found within a millisecond, so
    // either may be told first.
    for draft in [1, 2] {
        terminal.wait_for(at, &format!("Draft {draft} was signed as transaction "));
    }
    at = terminal.wait_for(at, "stands in block 1");
    terminal.press("and again\r");
    terminal.wait_for(at, "Saved as transaction ");
    terminal.press("/quit\r");
    assert_eq!(terminal.wait_for_end().code(), Some(0));
    let text = terminal.text();
    assert_eq!(text.matches("Passphrase of ").count(), 2, "{text}");
    assert!(!text.contains("secret"), "{text}");
}

/// What a reorganisation did is told with both blocks, at the screen and to programs.
#[test]
fn a_person_is_told_where_a_transaction_stood_and_that_it_waits_again() {
    let (node, other) = (ledger_node("node"), ledger_node("other"));
    let report = record_without_waiting(&node, "mine", 1);
    let txid = report["txid"].as_str().unwrap();
    let old = report["block"]["hash"].as_str().unwrap();
    record_without_waiting(&other, "one", 1);
    record_without_waiting(&other, "two", 2);
    let mut peer = ledger_peer(node.port, 1);
    peer.send_bytes((whole_lines(&other, 2).join("\n") + "\n").as_bytes());
    node.wait_for(&format!(
        "Your transaction {txid} stood in block {old} at height 1, which is no longer in the best \
         chain; it is back in the pool and waits to be mined again"
    ));
    node.wait_for(&format!("Your transaction {txid} stands in block 3"));
    let here = on(&node.directory(), &format!("tx {txid} --json")).printed();
    let here: serde_json::Value = serde_json::from_str(&here).unwrap();
    assert_eq!((&here["block"]["height"], &here["waits"]), (&3.into(), &false.into()));
    assert_eq!(here["beside"], serde_json::json!({ "height": 1, "hash": old }));
    let words = on(&node.directory(), &format!("tx {txid}")).printed();
    assert!(words.contains(&format!("- Beside: {old} at height 1, not in the best chain")));
    let story = eventually("the event log tells the last of it", || {
        let story = on(&node.directory(), &format!("why {txid}")).printed();
        story.contains("It was mined in the block of height 3").then_some(story)
    });
    let left = format!("Block {old} left the best chain, and it waits again");
    let steps =
        ["handed over by a person of this node and waits to be mined", "the block of height 1"];
    for step in steps.into_iter().chain(["The block that it stood in was reverted by", &left]) {
        assert!(story.contains(step), "{step:?} is not in {story}");
    }
}

#[test]
fn programs_are_not_told_that_a_node_mines_on_which_mines_nothing() {
    let off = Setup::new("off").args(["--chain", "ledger", "--mine", "off"]).start();
    for (node, problem) in [(Node::start("classic"), "no-ledger"), (off, "mining-off")] {
        let file = kusari_client::read_node_file(&node.directory()).unwrap().unwrap();
        let token = format!("Authorization: Bearer {}\r\n", file.token);
        let body = "{\"seconds\":10}";
        let answer = http(file.http.unwrap(), "POST /v1/mining", &token, body);
        let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        let expected = format!("urn:kusari:problem:{problem}");
        assert_eq!((answer.status, &told["type"]), (409, &expected.into()));
    }
}
