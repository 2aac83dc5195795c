//! A line on its way through the node, told within its span: handled, relayed, committed.
//!
//! Owns what is told, and when it began. Where nobody listens to the span there is nothing to keep.

use std::collections::VecDeque;
use std::time::Duration;

use kusari_node::interface::CommitId;
use kusari_node::wire::{Message, Sent};
use tokio::time::Instant;
use tracing::Span;

pub(super) struct InputSpan {
    span: Span,
    /// Peers that are sent a block, and peers that are told of one.
    relayed: (u32, u32),
    /// Commits under way that hold something of a line, and when each was asked for. There are no more
    /// of them than the node lets be under way.
    commits: VecDeque<(CommitId, Span, Instant)>,
}

impl Default for InputSpan {
    fn default() -> Self {
        Self { span: Span::none(), relayed: (0, 0), commits: VecDeque::new() }
    }
}

impl InputSpan {
    /// What follows is about a line, until [`InputSpan::end`].
    pub(super) fn begin(&mut self, span: Span) {
        self.span = span;
    }

    pub(super) fn end(&mut self) {
        (self.span, self.relayed) = (Span::none(), (0, 0));
    }

    pub(super) fn handled(&self, actions: usize, took: Duration) {
        if !self.span.is_disabled() {
            tracing::debug!(parent: &self.span, actions, ?took, "handled");
        }
    }

    pub(super) fn note_send(&mut self, message: &Sent) {
        match message {
            Message::Block(_) => self.relayed.0 += 1,
            Message::Have(_) => self.relayed.1 += 1,
            _ => {}
        }
    }

    /// All of what was noted is handed to connections.
    pub(super) fn sent(&mut self) {
        let (pushed, announced) = std::mem::take(&mut self.relayed);
        if (pushed, announced) != (0, 0) && !self.span.is_disabled() {
            tracing::debug!(parent: &self.span, pushed, announced, "relayed");
        }
    }

    pub(super) fn commit(&mut self, id: CommitId) {
        if !self.span.is_disabled() {
            self.commits.push_back((id, self.span.clone(), Instant::now()));
        }
    }

    pub(super) fn committed(&mut self, through: CommitId) {
        while let Some((_, span, asked)) = self.commits.pop_front_if(|(id, ..)| *id <= through) {
            tracing::debug!(parent: &span, took = ?asked.elapsed(), "committed");
        }
    }
}
