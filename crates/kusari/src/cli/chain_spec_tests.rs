//! Files that describe a chain, and files that do not.

use kusari_chain::ledger::ChainId;

use super::*;

const FILE: &str = "chain.toml";

fn read(text: &str) -> Result<ChainSpec, UsageError> {
    super::read(text, Path::new(FILE))
}

/// The built-in ledger as a file, with one line in place of the one for `key`.
fn with(key: &str, line: &str) -> String {
    let text = write(&ChainSpec::ledger());
    let kept = text.lines().map(|old| if old.starts_with(key) { line } else { old });
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_is_written_is_read_again() {
    let odd = ChainSpec {
        name: String::from("a \"b\" \\ ü 鎖"),
        min_fee: 7,
        half_life_s: 11,
        ..ChainSpec::ledger()
    };
    for spec in [ChainSpec::ledger(), odd] {
        assert_eq!(read(&write(&spec)).unwrap(), spec);
    }
}

#[test]
fn the_id_of_a_file_is_frozen() {
    let text = "name = 'club'\nsalt = '0707070707070707070707070707070707070707070707070707070707070707'\n\
                block_time_s = 5\nhalf_life_s = 300\nreward = 50\nmax_body_bytes = 4096\n\
                max_data_bytes = 512\nmin_fee = 1\n";
    // SHA-256 over the Borsh form, put together by hand: the name after its length, the salt, the
    // numbers in little-endian order.
    let mut bytes = vec![4, 0, 0, 0];
    bytes.extend(b"club");
    bytes.extend([7; 32]);
    for number in [5u32, 300] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(50u64.to_le_bytes());
    for number in [4_096u32, 512] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(1u64.to_le_bytes());
    let id = <sha2::Sha256 as sha2::Digest>::digest(bytes);
    assert_eq!(read(text).unwrap().chain_id(), ChainId(id.into()));
}

#[test]
fn a_choice_is_a_word_or_a_file() {
    assert_eq!(load("classic").unwrap(), None);
    assert_eq!(load("ledger").unwrap(), Some(ChainSpec::ledger()));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("c.toml");
    let spec = ChainSpec { name: "c".into(), ..ChainSpec::ledger() };
    std::fs::write(&file, write(&spec)).unwrap();
    assert_eq!(load(file.to_str().unwrap()).unwrap(), Some(spec));
    let missing = load("legder").unwrap_err().to_string();
    assert!(missing.starts_with("`legder` is neither `classic`, nor `ledger`, nor"), "{missing}");
    let unreadable = load(directory.path().to_str().unwrap()).unwrap_err().to_string();
    assert!(unreadable.contains("cannot be read ("), "{unreadable}");
    std::fs::write(&file, "#".repeat(70_000)).unwrap();
    let long = load(file.to_str().unwrap()).unwrap_err().to_string();
    assert!(long.contains("has more than 65536 bytes"), "{long}");
}

#[test]
fn a_bad_file_is_refused_with_the_key_and_the_remedy() {
    for (key, line, cause) in [
        ("name", "", "chain.toml: missing field `name`; `kusari chain-spec new"),
        ("salt", "", "chain.toml: missing field `salt`"),
        ("salt", "salt = 'ab'", "line 9: a chain's salt is 64 hexadecimal digits"),
        ("name", "name = 'x'\nblocktime = 1", "line 7: unknown field `blocktime`, expected one of"),
        ("name", "name = 'x'\nname = 'y'", "line 7: duplicate key"),
        ("name", "name = 7", "line 6: invalid type: integer `7`, expected a string"),
        ("reward", "reward = -1", "line 18: "),
        ("reward", "reward = 1.5", "line 18: invalid type: floating point"),
        ("reward", "reward = ", "line 18: "),
        ("name", "name = ''", "chain.toml: the name must have 1 to 64 printable characters"),
        ("name", "name = 'classic'", "must not be `classic`; correct it"),
        ("block_time_s", "block_time_s = 0", "block_time_s is 0: it must be 1 to 3600"),
        ("half_life_s", "half_life_s = 9", "half_life_s is 9: it must be at least"),
        ("reward", "reward = 4294967296", "reward is 4294967296: it must be below"),
        ("max_body_bytes", "max_body_bytes = 1", "max_body_bytes is 1: it must be 1024 to"),
        ("max_data_bytes", "max_data_bytes = 0", "max_data_bytes is 0: it must be at least 1"),
    ] {
        let error = read(&with(key, line)).unwrap_err().to_string();
        assert!(error.contains(cause) && error.starts_with(FILE), "{line}: {error}");
        assert!(!error.contains('\n') && error.contains("; "), "{line}: {error}");
    }
}

#[test]
fn garbage_is_refused_and_never_more() {
    let text = write(&ChainSpec::ledger());
    for end in 0..text.len() {
        // A file that breaks off lacks a key, unless it breaks off in the last number.
        let _ = text.get(..end).map(read);
    }
    for garbage in ["", "\0", "[[[[[", "name", "= 1", "a.b.c = 1", "\u{feff}"] {
        assert!(read(garbage).is_err(), "{garbage:?}");
    }
}
