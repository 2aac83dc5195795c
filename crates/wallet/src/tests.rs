//! Wallets from making to signing, and everything that must not open one.

use super::*;

/// Made by another implementation: Python's cryptography for Argon2id, PBKDF2, HMAC, Ed25519 and
/// ChaCha20-Poly1305, with HChaCha20 and bech32m by hand, from docs/formats/wallet.md.
const PROTECTED: &str = include_str!("fixtures/protected.json");
const UNPROTECTED: &str = include_str!("fixtures/unprotected.json");
const PASSPHRASE: &str = "correct horse battery stäple";
const WORDS: &str = "void come effort suffer camp survey warrior heavy shoot primary clutch crush \
                     open amazing screen patrol group space point ten exist slush involve unfold";

fn passphrase(text: &str) -> Passphrase {
    Passphrase::from(text.to_owned())
}

fn phrase() -> Phrase {
    Phrase::parse(WORDS.as_bytes()).unwrap()
}

/// A wallet at the least cost.
fn make(directory: &Path, protection: &str) -> Wallet {
    let path = default_path(directory);
    create_at_cost(&path, &phrase(), &passphrase(protection), Cost::LEAST).unwrap()
}

fn parsed(text: &str) -> Wallet {
    let content = KeyFile::parse(text.as_bytes()).unwrap();
    Wallet { path: PathBuf::from("w.json"), content }
}

#[test]
fn what_is_made_is_opened_unlocked_and_signs() {
    let directory = tempfile::tempdir().unwrap();
    for (name, protection) in [("a", "secret"), ("b", "")] {
        let path = path_of(directory.path(), &name.parse().unwrap());
        let (words, cost) = (phrase(), Cost::LEAST);
        let made = create_at_cost(&path, &words, &passphrase(protection), cost).unwrap();
        let wallet = Wallet::open(&path).unwrap();
        assert_eq!(wallet.address(), made.address());
        assert_eq!(wallet.is_protected(), !protection.is_empty());
        let unlocked = wallet.unlock(&passphrase(protection)).unwrap();
        assert_eq!(*unlocked.words(), WORDS);
        let own = wallet.address().0;
        let transfer = UnsignedTransaction::transfer(own, PublicKey([9; 32]), 1, 0, 0, None);
        let chain = ChainId([7; 32]);
        let signed = unlocked.sign(&transfer, &chain).unwrap();
        assert!(own.verifies(&transfer.signing_bytes(&chain), &signed.signature));
        assert_eq!(signed.unsigned(), transfer);
        let foreign = UnsignedTransaction { sender: PublicKey([9; 32]), ..transfer };
        let error = unlocked.sign(&foreign, &chain).unwrap_err();
        assert_eq!((error.own, error.sender.0), (wallet.address(), PublicKey([9; 32])));
    }
    let found = list(directory.path()).unwrap();
    let names: Vec<String> = found.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn a_key_file_of_version_1_opens_for_ever() {
    let wallet = parsed(PROTECTED);
    assert!(wallet.is_protected());
    let unlocked = wallet.unlock(&passphrase(PASSPHRASE)).unwrap();
    assert_eq!(*unlocked.words(), WORDS);
    assert_eq!(unlocked.address(), wallet.address());
    let wallet = parsed(UNPROTECTED);
    assert!(!wallet.is_protected());
    let words = wallet.unlock(&passphrase("whatever")).unwrap().words();
    assert!(words.starts_with("abandon abandon ") && words.ends_with(" art"));
}

#[test]
fn a_wrong_passphrase_is_refused_and_said_to_be_wrong() {
    let wallet = parsed(PROTECTED);
    for wrong in ["", "correct horse battery staple", "correct horse battery stäple "] {
        let error = wallet.unlock(&passphrase(wrong)).unwrap_err();
        assert!(matches!(error, WalletError::Locked { .. }), "{error}");
        assert!(error.to_string().contains("the passphrase is wrong, or the file was changed"));
    }
}

#[test]
fn a_file_with_any_single_byte_changed_is_refused() {
    let opens = |bytes: &[u8], secret: &str| {
        let Ok(content) = KeyFile::parse(bytes) else { return false };
        Wallet { path: PathBuf::new(), content }.unlock(&passphrase(secret)).is_ok()
    };
    for (text, secret) in [(PROTECTED, PASSPHRASE), (UNPROTECTED, "")] {
        assert!(opens(text.as_bytes(), secret));
        for at in 0..text.len() {
            let mut bytes = text.as_bytes().to_vec();
            // Each bit; the case of a letter; white space for white space; a digit for a digit.
            let own = bytes[at];
            let others =
                (0..8).map(|bit| own ^ 1 << bit).chain([b' ', b'\t', b'\r', b'\n', b'0', b'1']);
            for other in others.filter(|other| *other != own) {
                bytes[at] = other;
                assert!(!opens(&bytes, secret), "byte {at} may be {other} in place of {own}");
            }
            bytes.remove(at);
            assert!(!opens(&bytes, secret), "byte {at} may be left out");
            assert!(!opens(&text.as_bytes()[..at], secret), "it may end after {at} bytes");
        }
    }
}

#[test]
fn the_header_is_authenticated() {
    let unlock = |content| {
        let wallet = Wallet { path: PathBuf::new(), content };
        wallet.unlock(&passphrase(PASSPHRASE)).map(drop)
    };
    let sound = parsed(PROTECTED).content;
    assert!(unlock(sound).is_ok());
    let mut other = sound;
    other.header.address = parsed(UNPROTECTED).address();
    assert!(unlock(other).is_err());
    let mut other = sound;
    other.header.protected = false;
    assert!(matches!(unlock(other), Err(WalletError::Changed { .. })));
    let mut other = sound;
    other.header.nonce[0] ^= 1;
    assert!(unlock(other).is_err());
}

#[test]
fn a_file_cannot_ask_for_more_than_a_machine_has() {
    let cost = |memory: &str, passes: &str, lanes: &str| {
        let text = PROTECTED.replace("_kib\": 64", &format!("_kib\": {memory}"));
        let text = text.replace("passes\": 2", &format!("passes\": {passes}"));
        KeyFile::parse(text.replace("lanes\": 2", &format!("lanes\": {lanes}")).as_bytes())
    };
    assert!(cost("1048576", "4", "64").is_ok());
    assert!(cost("16", "1", "2").is_ok());
    for (memory, passes, lanes) in [
        ("1048577", "1", "1"),
        ("4294967295", "4294967295", "4294967295"),
        ("1048576", "5", "1"),
        ("8", "524289", "1"),
        ("1048576", "1", "65"),
        ("15", "1", "2"),
        ("64", "0", "2"),
        ("64", "2", "0"),
        ("0", "2", "1"),
    ] {
        let error = cost(memory, passes, lanes).unwrap_err();
        assert!(matches!(error, KeyFileError::Cost { .. }), "{memory} {passes} {lanes}: {error}");
    }
}

#[test]
fn a_file_of_another_form_is_refused_for_what_it_is() {
    let refused = |from: &str, to: &str| {
        assert!(PROTECTED.contains(from));
        KeyFile::parse(PROTECTED.replacen(from, to, 1).as_bytes()).unwrap_err()
    };
    assert_eq!(refused("wallet\": 1", "wallet\": 2"), KeyFileError::Version(2));
    assert_eq!(refused("argon2id", "argon2i"), KeyFileError::Algorithm);
    assert_eq!(refused("xchacha20poly1305", "none"), KeyFileError::Algorithm);
    assert_eq!(refused("  \"cipher", "\"cipher"), KeyFileError::Changed);
    assert_eq!(refused("7600a4", "7600A4"), KeyFileError::Changed);
    for (from, to) in
        [("true", "null"), ("7600a4", "7600a"), ("7600a4", "7600ag"), ("salt", "slat"), ("{", "[")]
    {
        assert!(matches!(refused(from, to), KeyFileError::Form { .. }), "{from} {to}");
    }
    let long = vec![b' '; MAX_BYTES + 1];
    assert_eq!(KeyFile::parse(&long).unwrap_err(), KeyFileError::TooLong);
    for garbage in [b"".as_slice(), b"{}", b"[1]", b"\xff", b"null", &[b'['; 4_000]] {
        assert!(KeyFile::parse(garbage).is_err());
    }
}

#[test]
fn no_wallet_takes_the_place_of_another() {
    let directory = tempfile::tempdir().unwrap();
    let first = make(directory.path(), "one");
    let again = create(&default_path(directory.path()), &phrase(), &passphrase(""));
    assert!(matches!(again, Err(WalletError::Exists { .. })));
    let kept = Wallet::open(first.path()).unwrap();
    assert!(kept.unlock(&passphrase("one")).is_ok());
    let nowhere = directory.path().join("none");
    let missing = Wallet::open(&default_path(&nowhere)).unwrap_err().to_string();
    assert!(missing.ends_with("`kusari wallet new` makes one"), "{missing}");
    assert!(list(&nowhere).unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn a_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = make(&directory.path().join("data"), "").path().to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(Wallet::open(&path), Err(WalletError::Open { .. })));
}

#[test]
fn a_first_start_makes_a_wallet_and_the_next_ones_find_it() {
    let directory = tempfile::tempdir().unwrap();
    let (wallet, created) = ensure(directory.path(), &Source::default()).unwrap();
    assert!(created && !wallet.is_protected());
    let (again, created) = ensure(directory.path(), &Source::default()).unwrap();
    assert!(!created);
    assert_eq!(again.address(), wallet.address());
    assert!(again.unlock_from(&Source::default()).is_ok());
    fs::write(wallet.path(), "junk").unwrap();
    assert!(matches!(ensure(directory.path(), &Source::default()), Err(WalletError::Bad { .. })));
    assert!(list(directory.path()).unwrap()[0].1.is_err());
}

#[test]
fn a_wallet_opens_with_its_passphrase_in_any_form_also_one_that_an_earlier_version_sealed() {
    let of = |text: &str, typed: &str| {
        let content = seal::seal(&phrase(), &passphrase(text), Cost::LEAST).unwrap();
        seal::open(&content, &passphrase(typed)).is_ok()
    };
    for (made, typed) in [
        ("caf\u{e9}", "cafe\u{301}"),
        ("cafe\u{301}", "caf\u{e9}"),
        ("\u{feff}abc", "abc"),
        ("abc", "\u{feff}abc"),
    ] {
        assert!(of(made, typed), "{made:?} {typed:?}");
    }
    assert!(!of("cafe", "caf\u{e9}"));
    // As the version before the normal form did: the bytes that were typed.
    for bytes in ["caf\u{e9}", "\u{feff}abc"] {
        let content = seal::seal_with(&phrase(), bytes, true, Cost::LEAST).unwrap();
        assert!(seal::open(&content, &passphrase(bytes)).is_ok(), "{bytes:?}");
    }
}

#[test]
fn the_usual_cost_is_the_second_recommendation_of_rfc_9106() {
    let content = seal::seal(&phrase(), &passphrase("x"), Cost::USUAL).unwrap();
    assert!(
        content
            .encode()
            .contains("\"memory_kib\": 65536,\n    \"passes\": 3,\n    \"lanes\": 4,\n")
    );
    assert_eq!(KeyFile::parse(content.encode().as_bytes()), Ok(content));
    assert!(seal::open(&content, &passphrase("x")).is_ok());
}

#[test]
fn names_are_names_of_files_everywhere() {
    for name in ["default", "a", "0", "cold-store_2", &"x".repeat(32)] {
        assert_eq!(name.parse::<WalletName>().unwrap().to_string(), name);
    }
    for name in
        ["", ".", "..", "a/b", "a\\b", "A", "-a", "_", "a.json", "ü", "a b", &"x".repeat(33)]
    {
        assert_eq!(name.parse::<WalletName>(), Err(NameError), "{name}");
    }
    assert!("default".parse() == Ok(WalletName::default()));
}

#[test]
fn no_secret_is_printed() {
    let wallet = parsed(UNPROTECTED);
    let unlocked = wallet.unlock(&passphrase("")).unwrap();
    let printed = format!("{wallet:?} {unlocked:?} {:?}", phrase());
    let secret = UNPROTECTED.split("secret\": \"").nth(1).unwrap();
    assert!(printed.contains("ks10ta8") && !printed.contains(&secret[..8]), "{printed}");
    assert!(!printed.contains("abandon") && !printed.contains("void"), "{printed}");
    // Nor as numbers, as a derived Debug would.
    assert!(!printed.contains('['), "{printed}");
    let wrong = UNPROTECTED.replace(secret.trim(), "\"4ad552c6\"");
    let error = KeyFile::parse(wrong.as_bytes()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("4ad5"), "{error:?}");
}
