//! Every seed of the fuzz targets passes its target's check, and every target has seeds.

#![allow(clippy::expect_used, reason = "a test ends where something is not as it should be")]

use std::path::{Path, PathBuf};

use kusari_fuzz_checks as targets;

type Check = fn(&[u8]);

/// The targets and their checks.
const TARGETS: [(&str, Check); 13] = [
    ("block_json", targets::block_json::check),
    ("event_entry", targets::event_entry::check),
    ("event_stream", targets::event_stream::check),
    ("frame", targets::frame::check),
    ("journal", targets::journals::check),
    ("node", targets::node::check),
    ("people_text", targets::people_text::check),
    ("proof_file", targets::proof_file::check),
    ("salvage", targets::salvage::check),
    ("store_open", targets::store_open::check),
    ("wallet_file", targets::wallet_file::check),
    ("wire_line", targets::wire_line::check),
    ("witness_state", targets::witness_state::check),
];

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("the directory is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> =
        names.map(|name| name.into_string().expect("names are Unicode")).collect();
    names.sort();
    names
}

#[test]
fn every_target_is_built_has_a_check_and_has_seeds() {
    let expected: Vec<String> = TARGETS.iter().map(|(name, _)| name.to_string()).collect();
    let sources = names(&fuzz().join("fuzz_targets"));
    let sources: Vec<&str> = sources.iter().filter_map(|name| name.strip_suffix(".rs")).collect();
    assert_eq!(sources, expected);
    let manifest = std::fs::read_to_string(fuzz().join("Cargo.toml")).expect("the manifest");
    for name in &expected {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not built");
        assert!(names(&fuzz().join("seeds").join(name)).len() >= 5, "{name} has few seeds");
    }
    let mut seeds = names(&fuzz().join("seeds"));
    seeds.retain(|name| name != "README.md");
    assert_eq!(seeds, expected, "seeds are of targets");
}

/// A seed of an older version ends at the version, and the target would see nothing beyond it.
#[test]
fn the_journal_among_the_seeds_is_of_this_version() {
    let journal = fuzz().join("seeds/journal/stopped");
    let open = || {
        let file = std::fs::File::open(&journal)?;
        Ok(Box::new(std::io::BufReader::new(file)) as Box<dyn std::io::BufRead>)
    };
    let replayed = kusari_journal::replay(&mut { open });
    assert!(replayed.is_ok(), "record it anew, as fuzz/seeds/README.md says: {replayed:?}");
}

#[test]
fn every_seed_passes() {
    for (name, check) in TARGETS {
        let directory = fuzz().join("seeds").join(name);
        for seed in names(&directory) {
            let bytes = std::fs::read(directory.join(&seed)).expect("a seed");
            let passed = std::panic::catch_unwind(|| check(&bytes));
            assert!(passed.is_ok(), "the seed {name}/{seed} fails");
        }
    }
}
