//! The node on a bench: what it does about each input, and what it asks of its driver.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests end by panicking, and share one bench"
)]

mod common;

mod blocks;
mod catching_up;
mod doors;
mod downloads;
mod drafts_window;
mod event_log;
mod flips;
mod held_branches;
mod hindrances;
mod in_a_row;
mod ledger_blocks;
mod ledger_bounds;
mod ledger_compact;
mod ledger_erasing;
mod ledger_headers;
mod ledger_mining;
mod ledger_own;
mod ledger_payloads;
mod ledger_pool;
mod ledger_predecessors;
mod ledger_receipts;
mod ledger_restarts;
mod ledger_rows;
mod ledger_transactions;
mod ledger_witness_bounds;
mod ledger_witness_evidence;
mod ledger_witness_memory;
mod ledger_witnesses;
mod mining_pause;
mod originals;
mod outbox_window;
mod peer_heights;
mod peers;
mod places;
mod relay;
mod silent_peers;
mod strangers;
mod wire;
mod written;
