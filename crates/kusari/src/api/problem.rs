//! The kinds of problems, by RFC 9457.
//!
//! Owns their names, titles and statuses, which programs rely on: a kind keeps all three.

use super::model::Problem;

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Short name, the end of its `type`.
    pub name: &'static str,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
}

impl Kind {
    const fn new(status: u16, name: &'static str, title: &'static str) -> Self {
        Self { name, title, status }
    }

    /// Its `type`.
    #[must_use]
    pub fn kind(&self) -> String {
        format!("urn:kusari:problem:{}", self.name)
    }

    /// A problem of this kind; `detail` is one sentence with the remedy.
    #[must_use]
    pub fn because(&self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: self.kind(),
            title: self.title.to_owned(),
            status: self.status,
            detail: detail.into(),
        }
    }
}

/// As many records wait to be mined as may.
pub const OUTBOX_FULL: Kind = Kind::new(503, "outbox-full", "The outbox is full");
