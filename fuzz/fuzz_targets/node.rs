//! See `kusari_fuzz_checks::node`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::node::check(bytes));
