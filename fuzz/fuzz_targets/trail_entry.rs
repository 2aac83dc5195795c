//! See `kusari_fuzz::trail_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::trail_entry::check(bytes));
