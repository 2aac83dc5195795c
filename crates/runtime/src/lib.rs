//! A kusari node that runs in a program: sockets, threads, the only clock, and ordered execution of actions.
//!
//! ```
//! use kusari_node::interface::request;
//! use kusari_runtime::{RuntimeConfig, start};
//! use kusari_store::Store;
//!
//! let node = start(RuntimeConfig::default(), Store::ephemeral()?, Box::new(|_event| ()))?;
//! let saved = node.handle().command(request::say(String::from("hello")))?;
//! assert!(saved.is_ok());
//! node.handle().stop();
//! node.wait()?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! One thread owns the [`Node`]. It takes inputs from the network, the committer, the miner and
//! commands, hands them over one by one, and carries out what comes back. Decides nothing.
//!
//! Two queues lead here. The one of the network is bounded, and is not read while the node is
//! congested, so that peers wait. The other carries answers to actions and commands; each of its
//! senders (the prompt, a connection of the local API) waits for an answer before it sends again,
//! so it needs no bound.

mod clock;
mod commit;
mod config;
mod counts;
mod driver;
mod error;
mod event_log;
mod input_span;
mod net;
mod node_wallet;
pub mod offline;
pub mod open_files;
mod outgoing_lines;
mod published;
pub mod salvage;
mod seldom;
mod storage;
#[cfg(feature = "test-util")]
mod test_node;
pub mod witness_key;

use std::io;
use std::mem::take;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use kusari_chain::StoreError;
use kusari_node::drafts::SigningAccount;
use kusari_node::interface::{Command, CommitId, Reply, Request, TemplateId};
use kusari_node::wire::Dialect;
use kusari_node::{Event, Input, Node, NodeConfig, Snapshot};
use tokio::sync::{mpsc, oneshot, watch};

pub use crate::net::Traffic;
use crate::net::{INBOX_MESSAGES, Net, StreamDone};
use clock::Clock;
pub use clock::unix_time;
pub use config::RuntimeConfig;
pub use counts::Counts;
use driver::Driver;
pub use error::{RunError, StartError, why_unbound};
use kusari_journal::{self as journal, Journal, JournalConfig, JournalFile};
use kusari_store::Store;
pub use node_wallet::NodeWallet;
use published::Shown;
pub use seldom::Seldom;
#[cfg(feature = "test-util")]
pub use test_node::TestNode;

/// Why a node that runs gives no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It has stopped.
    #[error("the node has stopped")]
    Stopped,
    /// It answered another command.
    #[error("the node answered something else, which is a bug in kusari; please report it")]
    Unfitting,
}

/// An answer that is on its way.
pub struct Pending<T> {
    reply: oneshot::Receiver<Reply>,
    read: fn(Reply) -> Option<T>,
}

impl<T> Pending<T> {
    /// Waits for it, in a task.
    ///
    /// # Errors
    /// [`NoAnswer`] where the node stops before.
    pub async fn answer(self) -> Result<T, NoAnswer> {
        let reply = self.reply.await;
        read(reply, self.read)
    }

    fn wait(self) -> Result<T, NoAnswer> {
        let reply = self.reply.blocking_recv();
        read(reply, self.read)
    }
}

fn read<T>(
    reply: Result<Reply, oneshot::error::RecvError>,
    read: fn(Reply) -> Option<T>,
) -> Result<T, NoAnswer> {
    read(reply.map_err(|_| NoAnswer::Stopped)?).ok_or(NoAnswer::Unfitting)
}

/// What leads to the node's thread beside the network.
enum Control {
    Command(Command, oneshot::Sender<Reply>),
    Committed(CommitId),
    CommitFailed(StoreError),
    Mined {
        template_id: TemplateId,
        nonce: u64,
    },
    WalletChanged(SigningAccount),
    /// A read found a block that is not as it was stored.
    BlockAltered,
    /// The audit that the node asked for is done, and found this first.
    Audited(Option<String>),
    /// What the witness key signed, or what is remembered beside it.
    Witness(Input),
    Stop,
}

/// A way to talk to a running node, from any thread.
#[derive(Clone)]
pub struct NodeHandle {
    control: mpsc::UnboundedSender<Control>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    store: Store,
    traffic: Arc<Traffic>,
    counts: Arc<Counts>,
}

impl NodeHandle {
    /// Gives the node a command and waits for the answer: until a line is durable, or, while the
    /// outbox is full, until there is room.
    ///
    /// # Errors
    /// [`NoAnswer`] where the node stops before it answers.
    pub fn command<T>(&self, request: Request<T>) -> Result<T, NoAnswer> {
        self.give(request)?.wait()
    }

    /// The same, for a task. Where it is dropped before the answer, the command is carried out all
    /// the same.
    ///
    /// # Errors
    /// [`NoAnswer`] where the node stops before it answers.
    pub async fn ask<T>(&self, request: Request<T>) -> Result<T, NoAnswer> {
        self.give(request)?.answer().await
    }

    /// Gives the node a command, after those that were given before.
    ///
    /// # Errors
    /// [`NoAnswer`] where the node has stopped.
    pub fn give<T>(&self, request: Request<T>) -> Result<Pending<T>, NoAnswer> {
        let (answer, reply) = oneshot::channel();
        let command = Control::Command(request.command, answer);
        self.control.send(command).map_err(|_| NoAnswer::Stopped)?;
        Ok(Pending { reply, read: request.read })
    }

    /// Tells of every change of the snapshot; it changes after each commit too.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshot.clone()
    }

    /// What the node looked like after its last inputs.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.borrow())
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What went over its connections.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// What it did.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whether it has shown yet what it looks like.
    ///
    /// # Errors
    /// [`NoAnswer`] where it will show nothing any more.
    pub fn has_shown_itself(&self) -> Result<bool, NoAnswer> {
        // Nobody marks what this receiver has seen; clones of it are for that.
        self.snapshot.has_changed().map_err(|_| NoAnswer::Stopped)
    }

    /// Says that the wallet of [`RuntimeConfig::wallet`] was unlocked.
    pub fn wallet_changed(&self, account: SigningAccount) {
        // Where nobody listens any more, nothing is signed any more either.
        let _ = self.control.send(Control::WalletChanged(account));
    }

    /// Asks for a clean stop.
    pub fn stop(&self) {
        // Where nobody listens any more, it has stopped already.
        let _ = self.control.send(Control::Stop);
    }
}

/// A node that runs.
pub struct Running {
    handle: NodeHandle,
    listen_address: Option<SocketAddr>,
    thread: JoinHandle<Result<(), RunError>>,
}

impl Running {
    /// A way to talk to it.
    #[must_use]
    pub fn handle(&self) -> NodeHandle {
        self.handle.clone()
    }

    /// Where it takes connections.
    #[must_use]
    pub fn listen_address(&self) -> Option<SocketAddr> {
        self.listen_address
    }

    /// Waits until it has stopped.
    ///
    /// # Errors
    /// [`RunError`] where it stopped other than by [`NodeHandle::stop`].
    pub fn wait(self) -> Result<(), RunError> {
        self.thread.join().unwrap_or(Err(RunError::Panicked))
    }
}

/// Starts a node over a store. It listens when this returns. `on_events` is called from the node's
/// thread with what happened, in order, once the snapshot shows it, and must not block.
///
/// # Errors
/// [`StartError`] names what could not be had.
pub fn start(
    mut config: RuntimeConfig,
    store: Store,
    on_events: Box<dyn FnMut(Vec<Event>) + Send>,
) -> Result<Running, StartError> {
    // Connections are served on the node's own thread, so that a new block needs one wake from
    // socket to socket. `net` does what takes long for them on few others, and names are looked up
    // there.
    let runtime =
        tokio::runtime::Builder::new_current_thread().thread_name("net").enable_all().build()?;
    let entered = runtime.enter();
    let listener = match config.listen {
        Some(address) => {
            let listen = |source| StartError::Listen { address, source };
            Some(net::bind(address).map_err(listen)?)
        }
        None => None,
    };
    let listen_address = listener.as_ref().map(tokio::net::TcpListener::local_addr).transpose()?;
    config.node.listen_port = listen_address.map(|address| address.port());
    config.node.seed = getrandom::u64().map_err(|error| io::Error::other(error.to_string()))?;

    let create = |JournalConfig { file, limit }| Ok((JournalFile::create(&file)?, limit));
    let journal: Result<_, journal::OpenError> = config.journal.take().map(create).transpose();
    let journal = journal?;

    let (inbox, from_net) = mpsc::channel(INBOX_MESSAGES);
    let (streams, from_streams) = mpsc::unbounded_channel::<StreamDone>();
    let (control, from_control) = mpsc::unbounded_channel();
    let ledger = config.node.ledger.as_ref();
    let dialect = ledger.map_or(Dialect::Classic, |ledger| Dialect::Ledger(ledger.spec.chain_id()));
    let net =
        Net::new(dialect, config.node.max_peers, store.clone(), inbox, streams, config.explorer);
    if let Some(listener) = listener {
        runtime.spawn(Arc::clone(&net).accept(listener));
    }
    drop(entered);

    let (publish, snapshot) = watch::channel(Arc::new(Snapshot::default()));
    let (traffic, store_of_handle) = (net.traffic(), store.clone());
    let counts = Arc::new(Counts::since(unix_time()));
    let handle = NodeHandle {
        control: control.clone(),
        snapshot,
        store: store_of_handle,
        traffic,
        counts: Arc::clone(&counts),
    };
    let (opened, open_result) = std::sync::mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("node".to_string()).spawn(move || {
        // The node is made on its own thread and never leaves it.
        let clock = Clock::start();
        let (node, journal) = match wake(take(&mut config.node), journal, &store, &clock) {
            Ok(woken) => woken,
            Err(error) => {
                let _ = opened.send(Err(error));
                return Ok(());
            }
        };
        let parts = driver::Parts {
            node,
            journal,
            net,
            clock,
            counts,
            shown: Shown::new(publish, on_events),
            control,
            config,
        };
        let mut driver = match Driver::new(parts, store) {
            Ok(driver) => driver,
            Err(error) => {
                let _ = opened.send(Err(StartError::System(error)));
                return Ok(());
            }
        };
        let _ = opened.send(Ok(()));
        let result = runtime.block_on(driver.run(from_net, from_streams, from_control));
        driver.shown.tell();
        driver.write_events();
        driver.finish_journal(&result);
        // Connections end with the tasks that serve them; none outlives a node that stopped.
        runtime.shutdown_background();
        result
    })?;
    // A thread that ended without a word panicked; `wait` would say so, and so does this.
    open_result.recv().map_err(|_| io::Error::other("the node's thread ended"))??;
    Ok(Running { handle, listen_address, thread })
}

/// Makes the node, and the journal around its stores if there is to be one.
fn wake(
    config: NodeConfig,
    journal: Option<(JournalFile, u64)>,
    store: &Store,
    clock: &Clock,
) -> Result<(Node, Option<Journal>), StartError> {
    store.end_below_altered()?;
    let stores = (Box::new(store.clone()), Box::new(store.clone()));
    let (mut journal, blocks, outbox) = journal::around(journal, &config, stores.0, stores.1)?;
    let node = Node::new(config, blocks, outbox)?;
    if let Some(journal) = &mut journal {
        journal.begin(&node, clock.now());
    }
    Ok((node, journal))
}
