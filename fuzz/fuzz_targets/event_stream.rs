//! See `kusari_fuzz::event_stream`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz::event_stream::check(bytes));
