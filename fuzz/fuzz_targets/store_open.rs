//! See `kusari_fuzz_checks::store_open`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::store_open::check(bytes));
