//! See `kusari_fuzz::block_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::block_json::check(bytes));
