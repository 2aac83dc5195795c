//! See `kusari_fuzz::wire_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::wire_line::check(bytes));
