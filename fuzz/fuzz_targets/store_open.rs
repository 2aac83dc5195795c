//! See `kusari_fuzz::store_open`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::store_open::check(bytes));
