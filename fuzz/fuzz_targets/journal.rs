//! See `kusari_fuzz_checks::journals`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::journals::check(bytes));
