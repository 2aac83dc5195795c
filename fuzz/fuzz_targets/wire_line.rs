//! See `kusari_fuzz_checks::wire_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::wire_line::check(bytes));
