//! See `kusari_fuzz::wallet_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::wallet_file::check(bytes));
