//! The address book, and what a person may write for an address.

use super::*;

const ALICE: &str = "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3";
const BOB: &str = "ks10ta8ryxe7hdw4fzajegw6088cztnhv8rtaekr0u9swy63ncu8u7qc72ce5";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

#[test]
fn labels_outlive_the_program_and_name_their_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut book = AddressBook::open(&data).unwrap();
    assert_eq!(book.iter().count(), 0);
    book.set("alice", address(ALICE)).unwrap();
    book.set(" Bob's shop, no".trim_end_matches(", no"), address(BOB)).unwrap();
    book.set("鎖 ü_1", address(BOB)).unwrap();
    let mut book = AddressBook::open(&data).unwrap();
    let labels: Vec<&str> = book.iter().map(|(label, _)| label).collect();
    assert_eq!(labels, ["Bob's shop", "alice", "鎖 ü_1"]);
    for (text, meant) in [("alice", ALICE), (" alice ", ALICE), ("Bob's shop", BOB), (BOB, BOB)] {
        assert_eq!(book.resolve(text).unwrap(), address(meant), "{text}");
    }
    assert_eq!(book.resolve(&ALICE.to_uppercase()).unwrap(), address(ALICE));
    assert_eq!(book.remove("alice").unwrap(), address(ALICE));
    assert!(matches!(book.remove("alice"), Err(LabelError::Unknown(_))));
    assert!(AddressBook::open(&data).unwrap().resolve("alice").is_err());
}

#[test]
fn a_mistyped_address_is_said_to_be_one_and_is_no_unknown_label() {
    let book = AddressBook { file: PathBuf::new(), labels: BTreeMap::new() };
    for at in 0..ALICE.len() {
        let mut typed = ALICE.to_owned();
        typed.replace_range(at..=at, if &typed[at..=at] == "q" { "p" } else { "q" });
        let error = book.resolve(&typed).unwrap_err();
        assert!(matches!(error, LabelError::Address(_)), "{typed}: {error}");
    }
    for typed in [&ALICE[..30], &ALICE[..60], &ALICE[1..], "ks1", "KS1QQ", &format!("{ALICE}q")] {
        let error = book.resolve(typed).unwrap_err();
        assert!(matches!(error, LabelError::Address(_)), "{typed}: {error}");
    }
    for typed in ["", "bob", "ks", "alice in chains", &"x ".repeat(200)] {
        let error = book.resolve(typed).unwrap_err();
        assert!(matches!(error, LabelError::Unknown(_)), "{typed}: {error}");
    }
}

#[test]
fn a_label_does_not_change_hands_and_hides_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut book = AddressBook::open(directory.path()).unwrap();
    book.set("alice", address(ALICE)).unwrap();
    book.set("alice", address(ALICE)).unwrap();
    let error = book.set("alice", address(BOB)).unwrap_err().to_string();
    assert!(error.contains("is of ks1wxf") && error.contains("`--remove`"), "{error}");
    assert_eq!(book.resolve("alice").unwrap(), address(ALICE));
    let long = "x".repeat(65);
    let like = "a".repeat(40);
    for label in
        ["", "  ", "a\nb", "a\"b", "a\\b", "a\u{202e}b", "a\u{200b}", BOB, "ks1", &long, &like]
    {
        let error = book.set(label, address(BOB)).unwrap_err();
        assert!(matches!(error, LabelError::Form(_)), "{label:?}: {error}");
    }
    assert_eq!(AddressBook::open(directory.path()).unwrap().iter().count(), 1);
}

#[test]
fn a_file_that_says_something_else_is_refused_with_the_place() {
    let directory = tempfile::tempdir().unwrap();
    for (content, cause) in [
        ("", "line 1: missing field `labels`"),
        ("[labels]\na = 'b'", "the label \"a\": \"b\" is not an address"),
        ("[labels]\na = 1", "line 2: invalid type: integer"),
        (&format!("[labels]\na = '{ALICE}'\na = '{BOB}'"), "line 3: duplicate key"),
        (&format!("[labels]\n\"a\\u202e\" = '{ALICE}'"), "cannot be a label"),
        ("[labels]\n[others]", "unknown field `others`"),
        ("[", "line 1: "),
    ] {
        std::fs::write(directory.path().join(FILE), content).unwrap();
        let error = AddressBook::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains(cause) && error.ends_with("or move it away"), "{error}");
    }
    std::fs::write(directory.path().join(FILE), b"\xff").unwrap();
    assert!(AddressBook::open(directory.path()).is_err());
    std::fs::write(directory.path().join(FILE), vec![b'#'; MAX_BYTES + 1]).unwrap();
    assert!(AddressBook::open(directory.path()).is_err());
}
