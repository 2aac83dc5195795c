//! See `kusari_fuzz::node`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::node::check(bytes));
