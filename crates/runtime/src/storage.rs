//! What the node is told of its disk, and the audit that it asks for.
//!
//! Owns when the node is told: not of each page that the store grows by. Decides nothing.

use kusari_node::StorageState;
use kusari_node::hindrance::AlteredBlock;
use tokio::sync::mpsc::UnboundedSender;

use super::Control;
use kusari_store::Store;

/// The node hears of growth in steps of this many bytes.
const STEP_BYTES: u64 = 1 << 20;

pub(super) struct Storage {
    store: Store,
    limit_bytes: Option<u64>,
    /// What the node was told last.
    told: Option<StorageState>,
    control: UnboundedSender<Control>,
}

impl Storage {
    pub(super) fn watch(
        store: Store,
        limit_bytes: Option<u64>,
        control: UnboundedSender<Control>,
    ) -> Self {
        let found = control.clone();
        store.on_altered(move || {
            // Where nobody listens any more, nothing is served any more either.
            let _ = found.send(Control::BlockAltered);
        });
        Self { store, limit_bytes, told: None, control }
    }

    /// What the node is to be told, if anything.
    pub(super) fn news(&mut self) -> Option<StorageState> {
        let blocks = self.store.altered_blocks();
        let altered = blocks.first().map(|first| AlteredBlock {
            height: first.height,
            hash: first.hash,
            others: blocks.len() as u64 - 1,
        });
        let used_bytes = self.store.file_bytes();
        let state = StorageState { used_bytes, limit_bytes: self.limit_bytes, altered };
        let is_old = self.told.as_ref().is_some_and(|told| {
            told.altered == state.altered
                && told.used_bytes / STEP_BYTES == used_bytes / STEP_BYTES
                && (told.is_full(), told.fills_up()) == (state.is_full(), state.fills_up())
        });
        if is_old {
            return None;
        }
        self.told = Some(state.clone());
        Some(state)
    }

    /// Audits the store on a thread of its own; the node hears of the end.
    pub(super) fn audit(&self) {
        tracing::warn!(
            "peers of different networks refuse blocks of this node: auditing the store"
        );
        let (store, control) = (self.store.clone(), self.control.clone());
        tokio::task::spawn_blocking(move || {
            let finding = store.audit().finding.map(|finding| finding.to_string());
            match &finding {
                Some(finding) => tracing::error!("the audit found a fault: {finding}"),
                None => tracing::warn!("the audit found the store sound"),
            }
            let _ = control.send(Control::Audited(finding));
        });
    }
}
