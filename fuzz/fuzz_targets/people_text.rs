//! See `kusari_fuzz_checks::people_text`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kusari_fuzz_checks::people_text::check(bytes));
