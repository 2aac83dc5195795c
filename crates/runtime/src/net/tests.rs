//! Connections over real loopback sockets, with the test in the node's place.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

use kusari_chain::{Block, BlockHash, BlockWrite, StoredBlock, Work};
use kusari_node::interface::StreamForm;
use kusari_node::store::StoreBatch;
use tokio::runtime::Runtime;

use super::*;

const DEADLINE: Duration = Duration::from_secs(60);

/// What a connection may hold without drawing on the budget.
const MAX_PLAIN: usize = kusari_node::wire::MAX_PLAIN_LINE;

const EXPLORER: Option<SocketAddr> =
    Some(SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7_878));

/// More than the operating system buffers between two sockets: at 3 KiB a block, 15 MiB.
const MANY: u32 = 5_000;

/// A store with a chain of made-up blocks, which nobody checks here.
fn store(blocks: u32) -> Store {
    let store = Store::ephemeral().unwrap().trusting();
    let name = |height: u32| {
        let mut hash = BlockHash::ZERO;
        hash.0[28..].copy_from_slice(&height.to_be_bytes());
        hash
    };
    let write = |height: u32| {
        BlockWrite::InsertBest(Arc::new(StoredBlock {
            order: u64::from(height - 1),
            work: Work::of_classic_blocks(height),
            total_bytes: 0,
            block: Block {
                index: height,
                timestamp: 0,
                nonce: 0,
                data: "x".repeat(3_000),
                prev_hash: name(height - 1),
                hash: name(height),
                transactions: Vec::new(),
            },
            ledger: None,
        }))
    };
    let batch = StoreBatch { blocks: (1..=blocks).map(write).collect(), ..StoreBatch::default() };
    store.commit(&[batch]).unwrap();
    store
}

/// One connection: the events of its end that the node sees, and the client's socket.
struct Rig {
    runtime: Runtime,
    events: mpsc::Receiver<NetEvent>,
    streams: mpsc::UnboundedReceiver<StreamDone>,
    handle: PeerHandle,
    client: TcpStream,
    traffic: Arc<Traffic>,
}

impl Rig {
    fn new(store: Store) -> Self {
        Self::on(Runtime::new().unwrap(), store)
    }

    /// On a clock that jumps to the next deadline whenever there is nothing to do.
    fn in_no_time(store: Store) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        Self::on(runtime.enable_all().start_paused(true).build().unwrap(), store)
    }

    fn on(runtime: Runtime, store: Store) -> Self {
        let (inbox, mut events) = mpsc::channel(INBOX_MESSAGES);
        let (sender, streams) = mpsc::unbounded_channel();
        let net = Net::new(Dialect::Classic, 4, store, inbox, sender, EXPLORER);
        let traffic = net.traffic();
        let entered = runtime.enter();
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(net.accept(listener));
        drop(entered);
        let client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        let connected = runtime.block_on(events.recv()).unwrap();
        let NetEvent::Connected { handle, .. } = connected else { panic!("not connected first") };
        Self { runtime, events, streams, handle, client, traffic }
    }

    fn event(&mut self) -> NetEvent {
        let wait = async { tokio::time::timeout(DEADLINE, self.events.recv()).await };
        self.runtime.block_on(wait).expect("nothing happened").unwrap()
    }

    fn refusal(&mut self) -> &'static str {
        match self.event() {
            NetEvent::Received { row, .. } => refused(&row),
            _ => panic!("the line was not refused"),
        }
    }
}

fn refused(row: &LineBatch) -> &'static str {
    match &row[..] {
        [Err(refusal)] => refusal.code(),
        _ => panic!("not refused: {row:?}"),
    }
}

#[test]
fn a_peer_that_ends_its_input_amid_a_long_answer_still_gets_all_of_it() {
    let mut rig = Rig::new(store(MANY));
    let genesis = ChainPosition::genesis();
    rig.handle.send_stored(genesis, None, StreamForm::Plain);
    let mut reader = BufReader::new(rig.client.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    // The answer has begun, and cannot end, since nobody reads the rest of it yet.
    rig.client.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(rig.event(), NetEvent::Finished { .. }));
    rig.handle.close();
    let lines = reader.lines().map(Result::unwrap);
    let mut last = 1;
    for line in lines {
        last += 1;
        assert!(line.starts_with(&format!("BLOCK:{{\"index\":{last},")), "{line}");
        assert!(line.ends_with("\"transactions\":[]}"), "{line}");
    }
    assert_eq!(last, MANY);
    let done = rig.runtime.block_on(rig.streams.recv()).unwrap();
    assert_eq!((done.last.height, done.result), (MANY, Ok(MANY)));
    assert!(matches!(rig.event(), NetEvent::Disconnected { .. }));
}

#[test]
fn a_peer_that_reads_nothing_is_closed_when_its_queue_is_full() {
    let mut rig = Rig::new(store(1));
    // More than fits the queue and the operating system's buffers together.
    for _ in 0..20 * QUEUE_LINES {
        rig.handle.send_line(&[b'x'; 4_000]);
    }
    let NetEvent::Disconnected { reason, .. } = rig.event() else { panic!("still connected") };
    assert_eq!(reason, "it reads too slowly");
}

#[test]
fn a_fault_is_named_before_the_connection_ends() {
    let mut rig = Rig::new(store(1));
    rig.client.write_all(&vec![b'x'; 10_000]).unwrap();
    assert_eq!(rig.refusal(), "line-too-long");
    rig.handle.send_line(b"ERROR:{}\n");
    rig.handle.close();
    let mut answer = String::new();
    rig.client.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ERROR:{}\n");
}

#[test]
fn lines_arrive_in_order_and_are_counted_whether_written_at_once_or_queued() {
    // More than the operating system buffers between two sockets, and fewer than may be queued.
    let lines: Vec<String> =
        (0..1_000).map(|number| format!("{number}{}\n", "x".repeat(16_000))).collect();
    let mut rig = Rig::new(store(1));
    for line in &lines {
        rig.handle.send_line(line.as_bytes());
    }
    let mut reader = BufReader::new(rig.client.try_clone().unwrap());
    for line in &lines {
        let mut read = String::new();
        reader.read_line(&mut read).unwrap();
        assert!(read == *line, "{read:.9} in place of {line:.9}");
    }
    rig.handle.send_line(b"the last\n");
    let mut read = String::new();
    reader.read_line(&mut read).unwrap();
    assert_eq!(read, "the last\n");
    rig.client.write_all(b"HELP\n").unwrap();
    assert!(matches!(rig.event(), NetEvent::Received { .. }));
    let sent = (lines.iter().map(String::len).sum::<usize>() + read.len()) as u64;
    // What the system took may be here before the task that wrote it has counted it.
    let counted = async {
        while rig.traffic.sent() < sent {
            tokio::task::yield_now().await;
        }
    };
    let in_time = async { tokio::time::timeout(DEADLINE, counted).await };
    rig.runtime.block_on(in_time).expect("bytes are missing from the count");
    assert_eq!((rig.traffic.sent(), rig.traffic.received()), (sent, 5));
}

#[test]
fn input_that_ends_within_a_line_is_refused_by_name() {
    let mut rig = Rig::new(store(1));
    rig.client.write_all(b"GET_CHAIN").unwrap();
    rig.client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rig.refusal(), "line-without-end");
    assert!(matches!(rig.event(), NetEvent::Finished { .. }));
}

const HELLO: &str = "HELLO:{\"agent\":\"t\",\"protocol\":1,\"chain\":\"classic\",\"height\":0,\
    \"work\":\"0000000000000000000000000000000000000000000000000000000000000000\",\
    \"tip\":\"0000000000000000000000000000000000000000000000000000000000000000\",\
    \"listen\":null,\"id\":\"0000000000000001\"}\n";

#[test]
fn a_spent_budget_makes_long_lines_wait_and_short_ones_not() {
    const BUDGET: usize = 64 * 1024;
    const LONG: usize = 60 * 1024;
    let runtime = Runtime::new().unwrap();
    let (inbox, mut events) = mpsc::channel(INBOX_MESSAGES);
    let net = Net::with_budget(
        Dialect::Classic,
        BUDGET,
        4,
        store(1),
        inbox,
        mpsc::unbounded_channel().0,
        None,
    );
    let entered = runtime.enter();
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(Arc::clone(&net).accept(listener));
    drop(entered);
    // Who sent the next message; the handles are kept, since dropping one ends its connection.
    let mut handles = Vec::new();
    let mut next = || loop {
        let event = async { tokio::time::timeout(DEADLINE, events.recv()).await };
        match runtime.block_on(event).expect("nothing happened").unwrap() {
            NetEvent::Connected { peer, handle, .. } => {
                handles.push(handle);
                break peer;
            }
            NetEvent::Received { peer, .. } => break peer,
            _ => {}
        }
    };
    let mut connect = |greeting: &str| {
        let mut client = TcpStream::connect(address).unwrap();
        let peer = next();
        client.write_all(greeting.as_bytes()).unwrap();
        assert_eq!(next(), peer);
        (peer, client)
    };
    let (first, mut first_client) = connect(HELLO);
    let (second, mut second_client) = connect(HELLO);
    let (_, mut person) = connect("HELP\n");
    let held = |at_least: usize| BUDGET - net.budget.available_permits() >= at_least;
    let spin = |reached: &dyn Fn() -> bool| {
        let waited = async {
            while !reached() {
                tokio::task::yield_now().await;
            }
        };
        let in_time = async { tokio::time::timeout(DEADLINE, waited).await };
        runtime.block_on(in_time).expect("the budget is not used");
    };
    first_client.write_all(&vec![b'x'; LONG]).unwrap();
    spin(&|| held(LONG - MAX_PLAIN));
    second_client.write_all(&[&vec![b'x'; LONG][..], b"\n"].concat()).unwrap();
    person.write_all(b"STATUS\n").unwrap();
    let third = next();
    assert!(third != first && third != second, "a short line waited, or a long one did not");
    first_client.write_all(b"\n").unwrap();
    assert_eq!([next(), next()], [first, second]);
    spin(&|| !held(1));
}

#[test]
fn a_line_that_is_never_finished_ends_at_its_deadline() {
    let mut rig = Rig::in_no_time(store(1));
    rig.client.write_all(b"GET_").unwrap();
    let began = rig.runtime.block_on(async { tokio::time::Instant::now() });
    let event = rig.runtime.block_on(rig.events.recv()).unwrap();
    let NetEvent::Received { row, .. } = event else { panic!("not refused") };
    assert_eq!(refused(&row), "line-without-end");
    let took = rig.runtime.block_on(async { tokio::time::Instant::now() }) - began;
    assert!((LINE_DEADLINE..2 * LINE_DEADLINE).contains(&took), "{took:?}");
}

#[test]
fn a_peer_that_takes_nothing_of_an_answer_ends_at_the_write_deadline() {
    let mut rig = Rig::in_no_time(store(MANY));
    rig.handle.send_stored(ChainPosition::genesis(), None, StreamForm::Plain);
    let event = rig.runtime.block_on(rig.events.recv()).unwrap();
    let NetEvent::Disconnected { reason, .. } = event else { panic!("still connected") };
    assert_eq!(reason, format!("it read nothing for {} s", WRITE_DEADLINE.as_secs()));
    assert!(rig.streams.try_recv().is_err(), "half an answer counts as whole");
}

#[test]
fn who_is_refused_at_once_reads_the_line_that_says_why_though_it_spoke_first() {
    let mut rig = Rig::new(store(1));
    // What nobody reads turns the end of a connection into a reset.
    rig.client.write_all(&b"GET_CHAIN\n".repeat(2_000)).unwrap();
    rig.handle.send_line(b"ERROR:{}\n");
    rig.handle.close_for(&kusari_node::interface::DisconnectReason::Banned);
    let mut told = Vec::new();
    let _ = rig.client.read_to_end(&mut told);
    assert_eq!(told, b"ERROR:{}\n");
}

/// What reading these lines takes on a clock that jumps, which is what they are made to wait.
fn pause_of(lines: &str) -> std::time::Duration {
    let mut rig = Rig::in_no_time(store(1));
    let now = |rig: &Rig| rig.runtime.block_on(async { tokio::time::Instant::now() });
    let began = now(&rig);
    rig.client.write_all(lines.as_bytes()).unwrap();
    for _ in lines.lines() {
        let event = rig.runtime.block_on(rig.events.recv()).unwrap();
        assert!(matches!(event, NetEvent::Received { .. }));
    }
    now(&rig) - began
}

#[test]
fn a_verb_of_a_later_version_waits_for_nothing_and_saves_no_other_line_its_pause() {
    let pause = std::time::Duration::from_millis(50);
    let (free, lines) = (16, 30);
    let malformed = "BLOCK:x\n".repeat(lines);
    assert_eq!(pause_of(&malformed), pause * (30 - free));
    assert_eq!(pause_of(&"FOO\n".repeat(lines)), std::time::Duration::ZERO);
    assert_eq!(pause_of(&"FOO\nBLOCK:x\n".repeat(lines)), pause * (30 - free));
    assert_eq!(pause_of(&(malformed.clone() + &"FOO\n".repeat(5) + "BLOCK:x\n")), pause * 15);
}

#[test]
fn a_right_line_saves_one_refused_line_its_pause_and_no_more() {
    let pause = std::time::Duration::from_millis(50);
    let malformed = "BLOCK:x\n";
    let burst = malformed.repeat(16) + "STATUS\n";
    assert_eq!(pause_of(&burst), std::time::Duration::ZERO);
    assert_eq!(pause_of(&burst.repeat(3)), pause * 15 * 2);
    assert_eq!(
        pause_of(&(malformed.to_owned() + "STATUS\n").repeat(100)),
        std::time::Duration::ZERO
    );
}

/// What a browser, a client of TLS or SSH, or a scanner says first is acted on by nobody.
#[test]
fn another_protocol_is_closed_before_a_line_of_it_is_read() {
    let block = "BLOCK:{}\nSTATUS\n";
    for beginning in [
        format!("POST / HTTP/1.1\r\nHost: x\r\n\r\n{block}"),
        format!("GET /v1/status HTTP/1.1\r\n\r\n{block}"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{block}"),
        format!("SUBSCRIBE /x HTTP/1.1\r\n\r\n{block}"),
        format!("HTTP/1.1 400 Bad Request\r\n\r\n{block}"),
        format!("SSH-2.0-OpenSSH_9.2\r\n{block}"),
        format!("\x16\x03\x01\x02\0\n{block}"),
        format!("\0\x01\n{block}"),
    ] {
        let mut rig = Rig::new(store(0));
        rig.client.set_read_timeout(Some(DEADLINE)).unwrap();
        rig.client.write_all(beginning.as_bytes()).unwrap();
        let mut answer = String::new();
        rig.client.read_to_string(&mut answer).unwrap();
        let speaks_http = beginning.contains("HTTP/");
        assert_eq!(answer.contains("http://127.0.0.1:7878/"), speaks_http, "{beginning:?}");
        assert!(!answer.contains("STATUS") && !answer.contains("ERROR"), "{answer}");
        assert_eq!(answer.starts_with("HTTP/1.0 400 "), speaks_http, "{answer}");
        drop(rig.client);
        match rig.runtime.block_on(rig.events.recv()) {
            Some(NetEvent::Disconnected { reason, .. }) => {
                assert!(reason.starts_with("it s"), "{reason}");
            }
            _ => panic!("a line was read of {beginning:?}"),
        }
    }
}

#[test]
fn a_slip_of_the_keyboard_is_answered_and_the_connection_goes_on() {
    for line in ["HELO", "GET", "get_chain please", "SSH", "HTTP"] {
        let mut rig = Rig::new(store(0));
        rig.client.write_all(format!("{line}\nSTATUS\n").as_bytes()).unwrap();
        let mut came = 0;
        while came < 2 {
            match rig.runtime.block_on(rig.events.recv()) {
                Some(NetEvent::Received { row, .. }) => came += row.len(),
                _ => panic!("{line:?} ended the connection"),
            }
        }
    }
}
