//! The audit: a sound store is found sound, and whatever is damaged in one is named.

mod damage;
mod ledger;
mod pages;
mod runs;
mod sound;
mod trail;

pub(crate) use sound::{TIP, sound_store};
