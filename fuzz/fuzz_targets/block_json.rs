//! See `kusari_fuzz_checks::block_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::block_json::check(bytes));
