//! See `kusari_fuzz_checks::witness_state`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::witness_state::check(bytes));
