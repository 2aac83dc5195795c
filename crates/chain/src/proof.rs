//! Proofs that are checked offline: paths in Merkle trees, and the files that are made of them.

mod check;
pub mod file;
mod make;
pub mod path;
mod work;

pub use check::{CheckedProof, ProofFault};
pub use file::{ConsistencyProof, ProofFile, TransactionProof};
pub use work::{COUNTED_HASHES, work_shown};
