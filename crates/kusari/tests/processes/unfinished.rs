//! Commands that are ended while they write a file.

use std::net::TcpListener;

use kusari_api_types::Status;
use kusari_chain::{Block, Work};
use nix::sys::signal::Signal;

use super::support::{Node, Setup, eventually};

/// A node that says where its port for peers is, and never answers there. Returns where its local
/// API is.
fn silent_node() -> String {
    let peers = TcpListener::bind("127.0.0.1:0").unwrap();
    let status = Status {
        agent: "kusari/0".into(),
        chain: "classic".into(),
        height: 1,
        tip: Block::genesis().hash,
        work: Work::of_classic_blocks(1),
        durable: true,
        recent_work: None,
        listen: Some(peers.local_addr().unwrap()),
        data_directory: None,
        outbound_peers: 0,
        inbound_peers: 0,
        chain_name: None,
        waiting_transactions: None,
        drafts: None,
        drafts_wait_for: None,
        displaced_entries: None,
        may_sign: None,
        witnesses: None,
        outbox_entries: 0,
        side_bytes: 0,
        side_limit: 0,
        orphans: 0,
        held_branches: Vec::new(),
        catching_up: false,
        bytes_sent: 0,
        bytes_received: 0,
        hindrances: Vec::new(),
        mining: None,
        machine_rate: None,
    };
    let body = serde_json::to_string(&status).unwrap();
    let http = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", http.local_addr().unwrap());
    std::thread::spawn(move || {
        // Open for as long as the test runs, and nobody takes what comes.
        let _peers = peers;
        for stream in http.incoming() {
            use std::io::{Read, Write};
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

#[test]
fn an_export_that_is_interrupted_leaves_no_file_behind() {
    let node = silent_node();
    let setup = Setup::bare("export").args(["export", "chain.txt", "--node", &node]);
    let home = setup.home().to_owned();
    let mut export = setup.spawn();
    let files = || std::fs::read_dir(&home).unwrap().count();
    eventually("the export has begun", || (files() == 1).then_some(()));
    export.signal(Signal::SIGINT);
    assert_eq!(export.wait_for_end().code(), Some(130));
    assert_eq!(files(), 0);
}

#[test]
fn a_backup_never_takes_the_place_of_a_store_in_use() {
    let mut node = Node::start("A");
    node.say("hi");
    node.wait_for("Data       : hi");
    let directory = node.directory();
    let directory = directory.to_str().unwrap();
    let store = format!("{directory}/chain.redb");
    let words = ["backup", &store, "--force", "--data-dir", directory];
    let output = Setup::bare("backup").args(words).command().output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let holder = format!("is the store that process {} works on", node.pid());
    assert!(errors.contains(&holder), "{errors}");
}
