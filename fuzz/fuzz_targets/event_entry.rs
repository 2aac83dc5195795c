//! See `kusari_fuzz_checks::event_entry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::event_entry::check(bytes));
