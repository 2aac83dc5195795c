//! Real processes that talk over real loopback sockets, as people run them.
//!
//! Every port is drawn by the operating system and every data directory is temporary, so the tests
//! can run beside one another and beside nodes of the person who runs them. Nothing waits for time
//! to pass: a test waits for a line, a message or the end of a process, with a generous deadline.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends where something is not as it should be"
)]

mod altered;
mod api;
mod api_docs;
mod api_document;
mod api_events;
mod audit;
mod bad_input;
mod bench;
mod browse;
mod browser;
mod cli;
mod commands;
mod commands_docs;
mod commands_import;
mod commands_running;
mod commands_stored;
mod conformance;
mod core_probe;
mod crash;
mod dialogue;
mod drafts;
mod examples;
mod explorer;
mod flips;
mod gossip;
mod grade;
mod input;
#[cfg(target_os = "linux")]
mod jobs;
mod journal;
mod ledger;
mod many_lines;
mod original;
mod packaging;
mod page_access;
mod pages;
mod partition;
mod places;
mod proofs;
mod python_peer;
mod quota;
mod reorg_limit;
mod silence;
mod slow_readers;
mod suites;
mod support;
mod top;
mod unfinished;
mod walkthrough;
mod wallet;
mod watch;
mod why;
mod witness;
