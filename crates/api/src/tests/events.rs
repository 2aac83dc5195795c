//! Streams of events: their form, who comes back, and who does not read.

use kusari_node::Event;

use super::*;
use crate::events::{KEPT_EVENTS, MAX_STREAMS};
use crate::routes::HEARTBEAT;
use crate::write_timeout::WRITE_DEADLINE;
use kusari_api_types::{MiningReport, NodeEvent, PeerChange};

impl Rig {
    fn wait_for_room(&self) {
        let room = async { tokio::time::timeout(DEADLINE, self.feed.has_room()).await };
        self.runtime.block_on(room).unwrap();
    }
}

/// How a stream begins, before what happens next.
const BEGINNING: &str = "id: 00000000000000ab-0\n\n";

/// A request for a stream, by HTTP/1.0, where the body comes as it is; `headers` are whole lines.
fn listen(headers: &str) -> String {
    format!("GET /v1/events HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n")
}

fn resume(last: &str) -> String {
    listen(&format!("Last-Event-ID: {last}\r\n"))
}

fn peer() -> SocketAddr {
    "127.0.0.1:4711".parse().unwrap()
}

/// An event with this many bytes of text.
fn long(bytes: usize) -> NodeEvent {
    let change = PeerChange::Disconnected { reason: "x".repeat(bytes) };
    NodeEvent::Peer { address: peer(), change }
}

/// Reads just so much that it ends with `end`.
fn until(client: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end.as_bytes()) {
        let mut byte = [0];
        assert_eq!(client.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend(byte);
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn what_happens_is_told_as_it_happens_until_the_node_ends() {
    let rig = Rig::new(store(0));
    let mut client = rig.sent(&listen(""));
    let head = until(&mut client, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.0 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/event-stream\r\n"), "{head}");
    assert_eq!(head.matches("cache-control: ").count(), 1, "{head}");
    assert!(head.contains("cache-control: no-store\r\n"), "{head}");
    assert_eq!(until(&mut client, "\n\n"), BEGINNING);
    // What is for people alone takes no number.
    rig.sender.tell(&[Event::OutboxFull { waiting: 1 }]);
    rig.sender.tell(&[Event::PeerConnected { address: peer(), target: None }]);
    assert_eq!(
        until(&mut client, "\n\n"),
        "event: peer\nid: 00000000000000ab-1\ndata: {\"kind\":\"peer\",\
         \"address\":\"127.0.0.1:4711\",\"state\":\"connected\",\"inbound\":true}\n\n"
    );
    let agent = String::from("evil\n\nid: 7\ndata: {}\n\n");
    rig.sender.tell(&[Event::PeerIntroduced { address: peer(), agent }]);
    let told = until(&mut client, "\n\n");
    assert!(told.ends_with("\"agent\":\"evil\\n\\nid: 7\\ndata: {}\\n\\n\"}\n\n"), "{told}");
    let Rig { sender, runtime: _runtime, .. } = rig;
    drop(sender);
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[test]
fn how_the_search_for_a_block_goes_is_told_without_a_number() {
    let rig = Rig::new(store(0));
    let mut client = rig.sent(&listen(""));
    until(&mut client, "\r\n\r\n");
    assert_eq!(until(&mut client, "\n\n"), BEGINNING);
    rig.meter.send_replace(MiningReport { active: true, tries: 9, tries_per_second: 5 });
    assert_eq!(
        until(&mut client, "\n\n"),
        "event: mining\ndata: {\"kind\":\"mining\",\"active\":true,\"tries\":9,\
         \"tries_per_second\":5}\n\n"
    );
    assert!(rig.answer(&get("/v1/status")).contains("\"tries_per_second\":5"));
}

#[test]
fn whoever_comes_back_is_told_what_was_missed_if_it_is_still_there() {
    let rig = Rig::new(store(0));
    for port in 1..=3 {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        rig.sender.tell(&[Event::PeerConnected { address, target: None }]);
    }
    let told = |last: &str| {
        let mut client = rig.sent(&resume(last));
        until(&mut client, "\r\n\r\n");
        client
    };
    let mut client = told("00000000000000ab-1");
    assert_eq!(until(&mut client, "\n\n"), "id: 00000000000000ab-1\n\n");
    for number in 2..=3 {
        let event = until(&mut client, "\n\n");
        assert!(event.contains(&format!("\nid: 00000000000000ab-{number}\n")), "{event}");
        assert!(event.contains(&format!("\"127.0.0.1:{number}\"")), "{event}");
    }
    let missed = |count: &str| {
        let number = if count == "null" { 3 } else { KEPT_EVENTS + 3 };
        let data = format!("data: {{\"kind\":\"missed\",\"count\":{count}}}");
        format!("event: missed\nid: 00000000000000ab-{number}\n{data}\n\n")
    };
    for other in ["00000000000000ac-1", "00000000000000ab-4", "nonsense", "\u{e4}"] {
        assert_eq!(until(&mut told(other), "\n\n"), missed("null"), "{other}");
    }
    // An empty one is what a browser has before its first event.
    assert_eq!(until(&mut told(""), "\n\n"), "id: 00000000000000ab-3\n\n");
    rig.sender.add((0..KEPT_EVENTS).map(|_| long(1)));
    let mut client = told("00000000000000ab-1");
    assert_eq!(until(&mut client, "\n\n"), "id: 00000000000000ab-1\n\n");
    assert_eq!(until(&mut client, "\n\n"), missed(&(KEPT_EVENTS + 2).to_string()));
}

#[test]
fn whoever_reads_too_slowly_is_told_so_and_keeps_nobody_waiting() {
    let rig = Rig::new(store(0));
    let mut client = rig.sent(&listen(""));
    until(&mut client, BEGINNING);
    // Much more than the operating system buffers between two sockets.
    let count = 50_000;
    rig.sender.add((0..count).map(|_| long(1_000)));
    let Rig { sender, runtime, .. } = rig;
    drop(sender);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    drop(runtime);
    assert!(text.contains("event: missed\n"), "all {} bytes came", text.len());
    assert!(text.len() < count * 1_000 / 2, "{} bytes were kept", text.len());
    // In the end the reader knows where the node is.
    assert!(text.contains(&format!("\nid: 00000000000000ab-{count}\n")));
}

#[test]
fn a_stream_that_nobody_reads_ends_at_its_deadline() {
    let rig = Rig::in_no_time(store(0));
    rig.sender.add((0..KEPT_EVENTS).map(|_| long(32 * 1024)));
    let client = rig.sent(&resume("00000000000000ab-0"));
    // Something else that is known to take longer.
    let (_, took) = rig.all_of(rig.sent(&post("/v1/records", "", "{\"text\":\"hi\"}")));
    assert!(took > WRITE_DEADLINE, "{took:?}");
    let (text, _) = rig.all_of(client);
    assert!(text.contains("id: 00000000000000ab-0\n\nevent: peer\n"));
    assert!(text.len() < KEPT_EVENTS * 32 * 1024, "all of it was written: {}", text.len());
}

#[test]
fn a_stream_without_events_shows_that_it_is_alive() {
    let rig = Rig::in_no_time(store(0));
    let mut client = rig.sent(&listen(""));
    let (done, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = done.send(until(&mut client, ":\n\n:\n\n:\n\n"));
    });
    let (text, took) = rig.runtime.block_on(async {
        let began = Instant::now();
        (answer.await.unwrap(), began.elapsed())
    });
    assert!(text.ends_with(&format!("\r\n\r\n{BEGINNING}:\n\n:\n\n:\n\n")), "{text}");
    assert!(took >= 3 * HEARTBEAT, "{took:?}");
}

#[test]
fn streams_beyond_the_limit_are_refused_and_the_rest_of_the_api_goes_on() {
    let rig = Rig::new(store(0));
    let mut clients: Vec<TcpStream> = (0..MAX_STREAMS).map(|_| rig.sent(&listen(""))).collect();
    clients.iter_mut().for_each(|client| drop(until(client, BEGINNING)));
    assert_problem(&rig.answer(&get("/v1/events")), 503, "too-many-streams");
    assert!(rig.answer(&get("/v1/status")).starts_with("HTTP/1.1 200 OK\r\n"));
    // Whoever leaves makes room, without anything being told.
    clients.pop();
    rig.wait_for_room();
    until(&mut rig.sent(&listen("")), BEGINNING);
}

#[test]
fn whoever_asks_for_the_head_alone_takes_no_place() {
    let rig = Rig::new(store(0));
    for _ in 0..=MAX_STREAMS {
        let answer = rig.answer(&get("/v1/events").replace("GET", "HEAD"));
        assert!(answer.contains("content-type: text/event-stream\r\n"), "{answer}");
        rig.wait_for_room();
    }
}
