//! See `kusari_fuzz_checks::wallet_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::wallet_file::check(bytes));
