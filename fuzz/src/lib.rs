//! What the fuzz targets check, one function `check` for each: any bytes are fine for any of them.
//!
//! The same functions are run over the seeds by an ordinary test, `crates/kusari/tests/seeds.rs`.

pub mod block_json;
pub mod event_stream;
pub mod frame;
pub mod journals;
pub mod node;
pub mod proof_file;
pub mod salvage;
pub mod store_open;
pub mod trail_entry;
pub mod wallet_file;
pub mod wire_line;
pub mod witness_state;

/// The sources of the store, the journal and the trail by themselves: the whole program has ten times as many
/// dependencies, and all
/// of them would be built with instrumentation.
#[path = "../../crates/kusari/src"]
mod kusari {
    /// How a stream of events is read: it needs nothing else of the local API.
    pub mod api {
        pub mod client {
            #[allow(dead_code, reason = "a target uses what it checks")]
            pub mod event_stream;
        }
    }
    #[allow(dead_code, reason = "a target uses what it checks")]
    pub mod journal;
    /// Files of one user, which the store is one of.
    #[allow(dead_code, reason = "a target uses what it checks")]
    pub mod private_file;
    #[allow(dead_code, unused_imports, reason = "a target uses what it checks")]
    pub mod store;
    #[allow(dead_code, reason = "a target uses what it checks")]
    pub mod trail;
    /// The form of a key file alone: it needs none of the wallet's cryptography.
    pub mod wallet {
        #[allow(dead_code, reason = "a target uses what it checks")]
        pub mod key_file;
    }
    /// The form of what a witness key said, without the key.
    pub mod witness_key {
        #[allow(dead_code, reason = "a target uses what it checks")]
        pub mod state;
    }
}

pub use kusari::{api, journal, private_file, store, trail, wallet, witness_key};
