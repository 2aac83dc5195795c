//! See `kusari_fuzz_checks::event_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::event_stream::check(bytes));
