//! See `kusari_fuzz_checks::salvage`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::salvage::check(bytes));
