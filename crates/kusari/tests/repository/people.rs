//! What people write is read in one place.

use super::{TEST_MODULE, assert_none, code, sources};

/// Where people's input comes in.
const CRATES: [&str; 4] = ["api-types", "client", "kusari", "wallet"];

/// What makes a text of bytes, or leaves out white space.
const READINGS: [&str; 5] =
    [".trim()", ".trim_start()", ".trim_end()", "from_utf8", ".read_to_string("];

/// What is read there and was written by no person.
const OF_PROGRAMS: [&str; 4] = [
    // An answer of a node, and the stream of its events.
    "crates/client/src/lib.rs",
    "crates/client/src/event_stream.rs",
    // Lines that this program makes itself: of its diagnostics, and of a picture.
    "crates/kusari/src/cli/log.rs",
    "crates/kusari/src/cli/top/draw.rs",
];

#[test]
fn what_people_write_is_decoded_and_normalised_by_one_crate() {
    let mut offenders = Vec::new();
    let mut excused = 0;
    for mut file in sources() {
        let is_there = |name: &&str| file.path.starts_with(&format!("crates/{name}/src/"));
        if !CRATES.iter().any(is_there) || file.path.ends_with("tests.rs") {
            continue;
        }
        let tests = file.text.find(TEST_MODULE).unwrap_or(file.text.len());
        file.text.truncate(tests);
        let found =
            file.offenders(|line| READINGS.iter().any(|reading| code(line).contains(reading)));
        match OF_PROGRAMS.contains(&file.path.as_str()) {
            true => excused += usize::from(!found.is_empty()),
            false => offenders.extend(found),
        }
    }
    assert_eq!(excused, OF_PROGRAMS.len(), "an exception is needed no more; remove it");
    assert_none("people's input is read by `kusari-input`, which knows its many forms", &offenders);
}
