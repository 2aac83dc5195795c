//! The audit: a sound store is found sound, and whatever is damaged in one is named.

mod damage;
mod event_log;
mod ledger;
mod pages;
mod runs;
pub(crate) mod sound;
