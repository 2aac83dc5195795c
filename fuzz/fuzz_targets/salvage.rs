//! See `kusari_fuzz::salvage`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::salvage::check(bytes));
