//! See `kusari_fuzz::journals`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::journals::check(bytes));
