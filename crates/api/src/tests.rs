//! The server over real loopback sockets, with the test in the place of the node.

mod bodies;
mod deadlines;
mod document;
mod drafts;
mod events;
mod refusals;
mod waiting;
mod watch;
mod whole_store;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use kusari_chain::{Block, BlockHash, BlockWrite, StoredBlock, Work};
use kusari_node::store::StoreBatch;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Duration, Instant};

use super::events::{EventFeed, EventSender, open_run};
use super::rate_limit::RateLimit;
use super::routes::{AppState, router};
use super::server::{ApiConfig, MAX_CONNECTIONS, serve};
use super::session::Session;
use kusari_api_types::MiningReport;
use kusari_api_types::Token;
use kusari_runtime::NodeWallet;
use kusari_runtime::TestNode;
use kusari_store::Store;

const DEADLINE: Duration = Duration::from_secs(60);
const TOKEN: &str = "0123456789abcdef";
/// Connections at once where all of them are opened before the server runs: as many as the operating
/// system lets wait.
const FEW_CONNECTIONS: usize = 64;
/// What ids of events begin with.
const RUN: u64 = 0xab;

/// A store with a chain of made-up blocks of 3 KiB, which nobody checks here.
fn store(blocks: u32) -> Store {
    let store = Store::ephemeral().unwrap().trusting();
    extend(&store, 1..=blocks);
    store
}

fn extend(store: &Store, heights: std::ops::RangeInclusive<u32>) {
    let blocks = heights.map(|height| BlockWrite::InsertBest(stored_block(height))).collect();
    store.commit(&[StoreBatch { blocks, ..StoreBatch::default() }]).unwrap();
}

fn name_of(height: u32) -> BlockHash {
    let mut hash = BlockHash::ZERO;
    hash.0[28..].copy_from_slice(&height.to_be_bytes());
    hash
}

fn stored_block(height: u32) -> Arc<StoredBlock> {
    Arc::new(StoredBlock {
        order: u64::from(height - 1),
        work: Work::of_classic_blocks(height),
        total_bytes: 0,
        block: Block {
            index: height,
            timestamp: 0,
            nonce: 0,
            data: "x".repeat(3_000),
            prev_hash: name_of(height - 1),
            hash: name_of(height),
            transactions: Vec::new(),
        },
        ledger: None,
    })
}

/// A server, and the node behind it.
struct Rig {
    runtime: Runtime,
    address: SocketAddr,
    node: TestNode,
    store: Store,
    /// Leave to read the whole store.
    turn: Arc<Semaphore>,
    /// Leave to try a passphrase.
    unlocking: Arc<Semaphore>,
    /// Sends events; streams end when this is dropped.
    sender: EventSender,
    feed: EventFeed,
    meter: tokio::sync::watch::Sender<MiningReport>,
    /// Of a ledger.
    wallet: Option<NodeWallet>,
    /// The server ends when this is dropped.
    _stop: oneshot::Sender<()>,
}

impl Rig {
    fn new(store: Store) -> Self {
        Self::on(Runtime::new().unwrap(), store, MAX_CONNECTIONS, RateLimit::default())
    }

    /// One that answers a client so many requests a second.
    fn with_rate(store: Store, per_second: u32) -> Self {
        Self::on(Runtime::new().unwrap(), store, MAX_CONNECTIONS, RateLimit::new(per_second))
    }

    /// On a clock that jumps to the next deadline whenever there is nothing to do. What clients
    /// send has to be there before the runtime runs.
    fn in_no_time(store: Store) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        Self::on(runtime, store, FEW_CONNECTIONS, RateLimit::default())
    }

    fn on(runtime: Runtime, store: Store, most: usize, rate: RateLimit) -> Self {
        kusari_runtime::open_files::raised();
        let (node, handle) = TestNode::new(store.clone());
        let (sender, feed) = open_run(RUN);
        let (meter, mining) = tokio::sync::watch::channel(MiningReport::default());
        let wallet = store.spec().map(|_| NodeWallet::forgotten().unwrap());
        let config = ApiConfig {
            node: handle,
            token: Token::parse(TOKEN).unwrap(),
            listen: None,
            data_directory: None,
            node_file_directory: None,
            events: feed.clone(),
            wallet: wallet.clone(),
        };
        let app = Arc::new(AppState::new(config, mining, Session::random().unwrap(), rate));
        let (turn, unlocking) = (Arc::clone(&app.turn), Arc::clone(&app.unlocking));
        let (stop, stopped) = oneshot::channel();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, most, router(app), stopped));
        Self {
            runtime,
            address,
            node,
            store,
            turn,
            unlocking,
            sender,
            feed,
            meter,
            wallet,
            _stop: stop,
        }
    }

    /// A connection on which this was sent.
    fn sent(&self, bytes: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).unwrap();
        client.set_read_timeout(Some(DEADLINE)).unwrap();
        client.write_all(bytes.as_bytes()).unwrap();
        client
    }

    /// Reads a connection to its end beside the runtime, which runs meanwhile.
    fn all_of(&self, client: TcpStream) -> (String, Duration) {
        let answer = reading(client);
        self.runtime.block_on(async {
            let began = Instant::now();
            (answer.await.unwrap(), began.elapsed())
        })
    }

    /// The answer to a request, after which the connection ends.
    fn answer(&self, request: &str) -> String {
        self.all_of(self.sent(request)).0
    }
}

/// Reads a connection to its end on another thread.
fn reading(mut client: TcpStream) -> oneshot::Receiver<String> {
    let (done, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A reset after the answer is an end as well.
        let _ = client.read_to_end(&mut bytes);
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    answer
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// A write with the token; `headers` are whole lines.
fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// Checks that an answer is a problem document of this kind, in headers and body.
#[track_caller]
fn assert_problem(answer: &str, status: u16, name: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {answer}");
    assert!(head.contains("content-type: application/problem+json\r\n"), "{name}: {head}");
    let problem: kusari_api_types::Problem = serde_json::from_str(body).unwrap();
    assert_eq!(problem.kind, format!("urn:kusari:problem:{name}"));
    assert_eq!(problem.status, status);
    assert!(!problem.title.is_empty() && problem.detail.contains([';', ',']), "{problem:?}");
}
