//! Where passphrases come from, and which place wins.

use super::*;

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

/// A file of this user's alone.
fn file(directory: &Path, content: &[u8]) -> PathBuf {
    let file = directory.join("passphrase");
    let _ = std::fs::remove_file(&file);
    kusari_files::write_new(&file, content, kusari_files::Readers::Owner).unwrap();
    file
}

/// What a person types, and what they were asked.
fn typed(source: &Source, purpose: Purpose, lines: &[&str]) -> (Result<String, String>, String) {
    let (mut lines, mut asked) = (lines.iter(), String::new());
    let result = obtain_with(source, purpose, "it", &mut |prompt| {
        asked.push_str(prompt);
        lines.next().map(|line| line.to_string()).ok_or_else(|| io::Error::other("gone"))
    });
    (result.map(|found| found.0.to_string()).map_err(|error| error.to_string()), asked)
}

#[test]
fn a_file_wins_over_the_environment_and_both_over_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let all = Source {
        file: Some(file(directory.path(), b"from file\n")),
        variable: Some(Ok(passphrase("from variable"))),
        terminal: true,
    };
    assert_eq!(typed(&all, Purpose::Open, &[]).0.unwrap(), "from file");
    let without = Source { file: None, ..all };
    assert_eq!(typed(&without, Purpose::Protect, &[]).0.unwrap(), "from variable");
    let empty = Source { variable: Some(Ok(passphrase(""))), ..without.clone() };
    assert!(typed(&empty, Purpose::Open, &[]).0.unwrap().is_empty());
    let terminal = Source { variable: None, ..without };
    let (found, asked) = typed(&terminal, Purpose::Open, &["from terminal"]);
    assert_eq!((found.unwrap().as_str(), asked.as_str()), ("from terminal", "Passphrase of it: "));
    let nowhere = Source::default();
    let error = typed(&nowhere, Purpose::Open, &["unread"]).0.unwrap_err();
    assert!(error.contains("there is no terminal to ask at; give --passphrase-file"), "{error}");
}

#[test]
fn a_new_passphrase_is_typed_twice() {
    let terminal = Source { terminal: true, ..Source::default() };
    let (found, asked) = typed(&terminal, Purpose::Protect, &["abc", "abc"]);
    assert_eq!(found.unwrap(), "abc");
    assert_eq!(asked, "New passphrase for it (nothing for none): The same again: ");
    let error = typed(&terminal, Purpose::Protect, &["abc", "abd"]).0.unwrap_err();
    assert!(error.contains("differ") && !error.contains("abc"), "{error}");
    assert!(typed(&terminal, Purpose::Protect, &["", ""]).0.unwrap().is_empty());
    let error = typed(&terminal, Purpose::Protect, &["abc"]).0.unwrap_err();
    assert!(error.contains("cannot be asked for a passphrase (gone)"), "{error}");
    let long = "x".repeat(MAX_BYTES + 1);
    let error = typed(&terminal, Purpose::Open, &[&long]).0.unwrap_err();
    assert!(error.contains("at most 1024 bytes"), "{error}");
}

#[test]
fn a_file_holds_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let read = |content: &[u8]| {
        from_file(&file(directory.path(), content)).map(|found| found.0.to_string())
    };
    let longest = "x".repeat(MAX_BYTES);
    for (content, expected) in [
        ("a b ü\n", "a b ü"),
        ("a b ü", "a b ü"),
        (" a \r\n", " a "),
        ("\n", ""),
        ("", ""),
        (&longest, &longest),
    ] {
        assert_eq!(read(content.as_bytes()).unwrap(), expected, "{content:?}");
    }
    let long = "x".repeat(MAX_BYTES + 1);
    let longest_in_utf_16 = longest.encode_utf16().flat_map(u16::to_le_bytes);
    let marked: Vec<u8> = b"\xff\xfe".iter().copied().chain(longest_in_utf_16).collect();
    assert_eq!(from_file(&file(directory.path(), &marked)).unwrap().0.as_str(), longest);
    let error = read(b"\xff").unwrap_err().to_string();
    assert!(error.contains("is no text (its byte 1 is not UTF-8); save it as UTF-8"), "{error}");
    let very_long = "x".repeat(MAX_FILE_BYTES + 1);
    for content in [b"a\nb".as_slice(), b"a\n\n", b"a\rb", long.as_bytes(), very_long.as_bytes()] {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains("is not one line of at most 1024 bytes"), "{error}");
    }
    let missing = from_file(&directory.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("cannot be read"), "{missing}");
}

#[test]
fn a_passphrase_is_the_same_in_any_form_and_earlier_versions_took_its_bytes() {
    let candidates = |text: &str| -> Vec<String> {
        passphrase(text).candidates().map(|candidate| candidate.to_string()).collect()
    };
    assert_eq!(candidates("abc"), ["abc"]);
    assert_eq!(candidates("cafe\u{301}"), ["cafe\u{301}"]);
    assert_eq!(candidates("caf\u{e9}"), ["cafe\u{301}", "caf\u{e9}"]);
    assert_eq!(candidates("\u{feff}abc"), ["abc", "\u{feff}abc"]);
    assert_eq!(candidates("\u{feff}\u{e9}"), ["e\u{301}", "\u{e9}", "\u{feff}\u{e9}"]);
    assert_eq!(candidates(""), [""]);
    assert!(passphrase("\u{feff}").is_empty());
    let directory = tempfile::tempdir().unwrap();
    for content in ["\u{feff}\u{e9}\r\n", "\u{e9}\n", "e\u{301}"] {
        let read = from_file(&file(directory.path(), content.as_bytes())).unwrap();
        assert_eq!(read.normal().as_str(), "e\u{301}", "{content:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = file(directory.path(), b"secret");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = from_file(&file).unwrap_err().to_string();
    assert!(error.contains("`chmod 600` it"), "{error}");
}

#[test]
fn a_passphrase_is_not_printed() {
    let source = Source { variable: Some(Ok(passphrase("hunter2"))), ..Source::default() };
    let printed = format!("{:?} {source:?}", passphrase("hunter2"));
    assert!(!printed.contains("hunter2"), "{printed}");
}
