//! See `kusari_fuzz_checks::proof_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::proof_file::check(bytes));
