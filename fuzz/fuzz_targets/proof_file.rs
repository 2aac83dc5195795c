//! See `kusari_fuzz::proof_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::proof_file::check(bytes));
