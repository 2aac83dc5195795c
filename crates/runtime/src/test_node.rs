//! A node for tests of what talks to one.

use std::sync::Arc;

use kusari_node::Snapshot;
use kusari_node::interface::{Command, Reply};
use tokio::sync::{mpsc, oneshot, watch};

use super::{Control, NodeHandle};
use kusari_store::Store;

/// A node that a test plays.
pub struct TestNode {
    control: mpsc::UnboundedReceiver<Control>,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

impl TestNode {
    /// One over a store, and what others hold of it.
    #[must_use]
    pub fn new(store: Store) -> (Self, NodeHandle) {
        let (sender, control) = mpsc::unbounded_channel();
        let (snapshots, snapshot) = watch::channel(Arc::new(Snapshot::default()));
        (
            Self { control, snapshots },
            NodeHandle {
                control: sender,
                snapshot,
                store,
                traffic: Arc::default(),
                counts: Arc::default(),
            },
        )
    }

    /// The next command that comes; `None` where nobody can give one any more.
    pub async fn next_command(&mut self) -> Option<(Command, oneshot::Sender<Reply>)> {
        match self.control.recv().await? {
            Control::Command(command, answer) => Some((command, answer)),
            _ => None,
        }
    }

    /// Shows a snapshot.
    pub fn publish(&self, snapshot: Snapshot) {
        self.snapshots.send_replace(Arc::new(snapshot));
    }
}
