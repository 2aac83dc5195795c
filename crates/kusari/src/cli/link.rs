//! The way from people to the node, and how it is asked to stop.
//!
//! A thread that waits for a key cannot be ended. So that it keeps no store open meanwhile, threads
//! share one handle, and it is taken away when the node has stopped.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use kusari_runtime::NodeHandle;

/// The node, while it runs.
#[derive(Clone, Default)]
pub(crate) struct Link {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    node: RwLock<Option<NodeHandle>>,
    stopping: AtomicBool,
}

impl Link {
    /// The node runs. If it was asked to stop before, it stops.
    pub(crate) fn attach(&self, node: NodeHandle) {
        *self.shared.node.write().unwrap_or_else(PoisonError::into_inner) = Some(node.clone());
        if self.shared.stopping.load(Ordering::SeqCst) {
            node.stop();
        }
    }

    /// The node has stopped.
    pub(crate) fn detach(&self) {
        *self.shared.node.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn node(&self) -> Option<NodeHandle> {
        self.shared.node.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for a clean stop. Returns whether this is the first time.
    pub(crate) fn stop(&self) -> bool {
        let first = !self.shared.stopping.swap(true, Ordering::SeqCst);
        if let Some(node) = self.node() {
            node.stop();
        }
        first
    }
}
