//! A stretch of lines on its way, for whoever follows it.
//!
//! Owns the span `line` and the time that reading took. Where nobody listens to the span, it is nothing
//! but a check of a level.

use std::net::SocketAddr;
use std::time::Duration;

use kusari_node::wire::LineBatch;
use tokio::time::Instant;
use tracing::Span;

/// What goes to the node beside a row.
#[derive(Clone)]
pub(crate) struct LineSpan {
    /// Everything that becomes of the stretch is told within it.
    pub(crate) span: Span,
    /// How long the line took to be read and checked; `None` where it came with others.
    pub(crate) checked: Option<Duration>,
}

impl LineSpan {
    /// A line that nobody follows.
    pub(super) fn unfollowed() -> Self {
        Self { span: Span::none(), checked: None }
    }
}

/// A stretch that is being read.
pub(super) struct Reading {
    span: Span,
    began: Instant,
}

impl Reading {
    pub(super) fn begin(peer: SocketAddr, buffered: usize) -> Self {
        let span = tracing::debug_span!("line", %peer, bytes = buffered);
        tracing::debug!(parent: &span, "arrived");
        Self { span, began: Instant::now() }
    }

    pub(super) fn end(self, rows: &[LineBatch]) -> LineSpan {
        let took = self.began.elapsed();
        tracing::debug!(parent: &self.span, rows = rows.len(), ?took, "checked");
        let is_one = matches!(rows, [row] if row.len() == 1);
        LineSpan { span: self.span, checked: is_one.then_some(took) }
    }
}
