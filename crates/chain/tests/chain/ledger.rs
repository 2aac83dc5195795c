//! The rules of a ledger, each against the protocol's text: what breaks a block, what time and
//! history decide, and what accounts follow from whatever order blocks come in.

mod definition;
mod naive;
mod people;
mod support;

mod batch;
mod block_rules;
mod body_rules;
mod branches;
mod clock;
mod encodings;
mod headers;
mod history;
mod payloads;
mod proofs;
mod small_order;
mod spending;
mod state_root;
mod thicket;
mod time;
mod vectors;
