//! What others see of the node: its snapshot, and what happened.

use std::sync::Arc;

use kusari_node::{Event, Node, Snapshot};
use tokio::sync::watch;

pub(super) struct Shown {
    publish: watch::Sender<Arc<Snapshot>>,
    /// Whether those who wait are to look again although the snapshot is the same: at first, and after
    /// each commit.
    is_news: bool,
    on_events: Box<dyn FnMut(Vec<Event>) + Send>,
    /// What is told next, once the snapshot shows it.
    events: Vec<Event>,
}

impl Shown {
    pub(super) fn new(
        publish: watch::Sender<Arc<Snapshot>>,
        on_events: Box<dyn FnMut(Vec<Event>) + Send>,
    ) -> Self {
        Self { publish, is_news: true, on_events, events: Vec::new() }
    }

    /// A commit is durable.
    pub(super) fn committed(&mut self) {
        self.is_news = true;
    }

    pub(super) fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Shows what the node looks like, where that is news, and then tells what happened.
    pub(super) fn show(&mut self, node: &Node) {
        let before = Arc::clone(&self.publish.borrow());
        let now = node.snapshot_since(&before).map(Arc::new);
        if now.is_some() || self.is_news {
            self.publish.send_replace(now.unwrap_or(before));
        }
        self.is_news = false;
        self.tell();
    }

    /// Tells what happened. Whoever hears of it and looks finds it in the snapshot.
    pub(super) fn tell(&mut self) {
        if !self.events.is_empty() {
            (self.on_events)(std::mem::take(&mut self.events));
        }
    }
}
