//! The form of `GET /v1/audit`, which is also what `kusari audit --json` prints.

use serde::{Deserialize, Serialize};

use crate::ToSchema;

/// What an audit read, and the first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// Whether nothing is wrong.
    pub sound: bool,
    /// The file; absent where a node runs on it, whose audit leaves the file's pages out.
    pub file: Option<AuditedFile>,
    /// Blocks of the best chain that were found right.
    pub best_blocks: u32,
    /// Blocks beside it that were found right.
    pub side_blocks: u64,
    /// Records of this node that were found right.
    pub outbox_entries: u64,
    /// How many of them stand in no block of the best chain.
    pub waiting_entries: u64,
    /// What is wrong; absent where nothing is.
    pub finding: Option<AuditFinding>,
}

/// What was read of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditedFile {
    /// Its length; every byte was read.
    pub bytes: u64,
    /// Pages in use; absent where the checksum of one does not hold.
    pub pages: Option<u64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFinding {
    /// Short name of the kind of fault.
    pub code: String,
    /// Where it is, in words.
    pub place: String,
    /// Height of the block that it is, if it is one.
    pub height: Option<u32>,
    /// All of it in one sentence, with what to do.
    pub message: String,
}
