//! The search for a node, on directories with and without one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use super::*;
use crate::cli::failure::Failure;
use kusari_api_types::NodeFile;
use kusari_chain::{BlockHash, Work};

fn choice(directory: &Path) -> NodeChoice {
    NodeChoice { data_dir: Some(directory.to_owned()), ..NodeChoice::default() }
}

#[track_caller]
fn refusal(choice: &NodeChoice) -> String {
    match choice.open() {
        Err(Failure::Failed(error)) => error.to_string(),
        _ => panic!("it is no refusal"),
    }
}

fn tell(directory: &Path, http: Option<SocketAddr>) {
    let listen = "127.0.0.1:8080".parse().unwrap();
    let file = NodeFile { pid: std::process::id(), listen, http, token: "0123456789abcdef".into() };
    std::fs::write(directory.join("node.json"), serde_json::to_vec(&file).unwrap()).unwrap();
}

/// Answers one request with the status of a node that keeps its chain in `directory`.
fn node_of(directory: &Path) -> SocketAddr {
    let status = Status {
        agent: "kusari/0".into(),
        chain: "classic".into(),
        height: 0,
        tip: BlockHash::ZERO,
        work: Work::ZERO,
        durable: true,
        recent_work: None,
        listen: None,
        data_directory: Some(directory.to_str().unwrap().into()),
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
        mining: None,
        machine_rate: None,
        hindrances: Vec::new(),
    };
    let body = serde_json::to_string(&status).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let length = body.len();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}");
            write!(stream, "{head}\r\n\r\n{body}").unwrap();
        }
    });
    address
}

#[test]
fn looking_at_a_chain_that_is_not_there_creates_nothing() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("none");
    for directory in [home.path(), &missing] {
        let message = refusal(&choice(directory));
        let start = format!("there is no chain in {}: start a node with", directory.display());
        assert!(message.starts_with(&start), "{message}");
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[test]
fn a_store_without_a_node_is_opened_whatever_a_crash_left_behind() {
    let home = tempfile::tempdir().unwrap();
    drop(Store::open(home.path()).unwrap());
    tell(home.path(), Some("127.0.0.1:1".parse().unwrap()));
    match choice(home.path()).open().unwrap() {
        Access::Stored(node) => assert_eq!(node.directory.unwrap(), home.path()),
        Access::Running(client) => panic!("{client:?}"),
    }
}

#[test]
fn a_running_node_is_asked_by_whatever_name_its_directory_is_called() {
    let home = tempfile::tempdir().unwrap();
    let _node = Store::open(home.path()).unwrap();
    tell(home.path(), Some(node_of(home.path())));
    let name = home.path().join("..").join(home.path().file_name().unwrap());
    assert!(matches!(choice(&name).open().unwrap(), Access::Running(_)));
}

#[test]
fn a_node_that_cannot_be_asked_is_named_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    let _node = Store::open(home.path()).unwrap();
    let process = format!("in use by process {}", std::process::id());
    let message = refusal(&choice(home.path()));
    assert!(message.contains(&process) && message.contains("just starting"), "{message}");

    tell(home.path(), None);
    let message = refusal(&choice(home.path()));
    assert!(message.contains("has its local API turned off; start it without"), "{message}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    tell(home.path(), Some(listener.local_addr().unwrap()));
    drop(listener);
    let message = refusal(&choice(home.path()));
    assert!(message.contains(&process) && message.contains("does not answer"), "{message}");

    // The file was left behind by a crash, and another node has the port now.
    tell(home.path(), Some(node_of(Path::new("/somewhere/else"))));
    let message = refusal(&choice(home.path()));
    assert!(message.contains("tells no local API to ask"), "{message}");
}

#[test]
fn what_a_crash_left_behind_leads_nobody_to_whoever_has_the_port_now() {
    let home = tempfile::tempdir().unwrap();
    let _node = Store::open(home.path()).unwrap();
    let impostor = TcpListener::bind("127.0.0.1:0").unwrap();
    let http = Some(impostor.local_addr().unwrap());
    let listen = "127.0.0.1:8080".parse().unwrap();
    let file = NodeFile { pid: u32::MAX, listen, http, token: "0123456789abcdef".into() };
    std::fs::write(home.path().join("node.json"), serde_json::to_vec(&file).unwrap()).unwrap();
    let message = refusal(&choice(home.path()));
    assert!(message.contains("tells no local API to ask"), "{message}");
    impostor.set_nonblocking(true).unwrap();
    assert!(impostor.accept().is_err(), "the impostor was asked");
}

#[test]
fn a_port_stands_for_the_directory_that_a_node_with_it_uses() {
    let data = Path::new("/data");
    let directory = |port| NodeChoice { port, ..NodeChoice::default() }.directory(Some(data));
    assert_eq!(directory(None).unwrap(), data.join("kusari/classic-8080"));
    assert_eq!(directory(Some(9)).unwrap(), data.join("kusari/classic-9"));
    let message = NodeChoice::default().directory(None).unwrap_err().to_string();
    assert!(message.ends_with("say where it is with --data-dir DIRECTORY"), "{message}");
}

#[test]
fn a_node_that_is_named_needs_a_plain_address() {
    let node = Some(String::from("https://127.0.0.1:7878"));
    let message = refusal(&NodeChoice { node, ..NodeChoice::default() });
    assert!(message.contains("`https://127.0.0.1:7878` is not where"), "{message}");
}
