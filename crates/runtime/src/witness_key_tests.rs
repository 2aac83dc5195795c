use std::fs;

use kusari_chain::BlockHash;
use kusari_chain::ledger::StatementHash;

use super::*;

const CHAIN: ChainId = ChainId([7; 32]);

fn statement(sequence: u64) -> UnsignedStatement {
    UnsignedStatement {
        sequence,
        previous: StatementHash::ZERO,
        height: 1,
        hash: BlockHash([1; 32]),
        time: 5,
    }
}

fn last(statement: &WitnessStatement) -> WitnessMemory {
    WitnessMemory::Last(LastStatement::from(statement))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Has the key look as if it had been made before there were states.
fn make_older(directory: &Path) {
    let file = directory.join("witness.key");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("witness-key-2", "witness-key-1")).unwrap();
    fs::remove_file(directory.join("witness.state")).unwrap();
}

fn open(directory: &Path) -> WitnessKey {
    WitnessKey::open(directory).unwrap().unwrap()
}

#[test]
fn a_key_is_made_once_and_signs_what_others_can_check() {
    let directory = tempfile::tempdir().unwrap();
    assert!(WitnessKey::open(directory.path()).unwrap().is_none());
    let (key, made) = WitnessKey::open_or_create(directory.path()).unwrap();
    assert_eq!(made.unwrap(), directory.path().join("witness.key"));
    assert_eq!(names(directory.path()), ["witness.key", "witness.state"]);
    let (mut again, made) = WitnessKey::open_or_create(directory.path()).unwrap();
    assert_eq!((again.public(), made), (key.public(), None));
    assert_eq!(again.memory(), WitnessMemory::Nothing);
    assert_ne!(WitnessKey::forgotten().unwrap().public(), key.public());
    assert!(again.sign(statement(0), &CHAIN).unwrap().is_signed(&CHAIN));
}

#[test]
fn what_was_signed_is_remembered_and_no_sequence_is_signed_twice() {
    let directory = tempfile::tempdir().unwrap();
    let (mut key, _) = WitnessKey::open_or_create(directory.path()).unwrap();
    let signed = key.sign(statement(4), &CHAIN).unwrap();
    let mut again = open(directory.path());
    assert_eq!(again.memory(), last(&signed));
    for used in [0, 4] {
        let error = again.sign(statement(used), &CHAIN).unwrap_err();
        assert!(matches!(error, WitnessKeyError::Used { .. }), "{error}");
    }
    let before = fs::read(directory.path().join("witness.state")).unwrap();
    let lower = LastStatement { sequence: 3, hash: StatementHash([1; 32]) };
    again.remember(WitnessMemory::Last(lower)).unwrap();
    assert_eq!(fs::read(directory.path().join("witness.state")).unwrap(), before);
    let higher = LastStatement { sequence: 9, ..lower };
    again.remember(WitnessMemory::Last(higher)).unwrap();
    assert_eq!(open(directory.path()).memory(), WitnessMemory::Last(higher));
    let mut forgotten = WitnessKey::forgotten().unwrap();
    assert!(forgotten.sign(statement(0), &CHAIN).is_ok());
    assert!(forgotten.sign(statement(0), &CHAIN).is_err());
}

#[test]
fn a_key_whose_state_is_missing_damaged_or_of_another_key_signs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (mut key, _) = WitnessKey::open_or_create(directory.path()).unwrap();
    key.sign(statement(4), &CHAIN).unwrap();
    let file = directory.path().join("witness.state");
    let sound = fs::read(&file).unwrap();
    let other = state::encode(&PublicKey([1; 32]), WitnessMemory::Nothing).unwrap();
    for wrong in [None, Some(sound[1..].to_vec()), Some(other.into_bytes()), Some(Vec::new())] {
        match &wrong {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => fs::write(&file, bytes).unwrap(),
        }
        let (mut key, made) = WitnessKey::open_or_create(directory.path()).unwrap();
        assert_eq!((key.memory(), made), (WitnessMemory::Lost, None), "{wrong:?}");
        assert!(matches!(key.sign(statement(5), &CHAIN), Err(WitnessKeyError::Used { .. })));
        let said = LastStatement { sequence: 5, hash: StatementHash([1; 32]) };
        key.remember(WitnessMemory::Last(said)).unwrap();
        assert_eq!(fs::read(&file).ok(), wrong, "what was there stays");
    }
    fs::write(&file, &sound).unwrap();
    assert!(open(directory.path()).sign(statement(5), &CHAIN).is_ok(), "it was put back");
}

#[test]
fn a_key_that_is_older_than_states_gets_one_once() {
    let directory = tempfile::tempdir().unwrap();
    let public = WitnessKey::open_or_create(directory.path()).unwrap().0.public();
    make_older(directory.path());
    let mut key = open(directory.path());
    assert_eq!((key.public(), key.memory()), (public, WitnessMemory::Unkept));
    assert!(key.sign(statement(0), &CHAIN).is_err());
    let said = LastStatement { sequence: 9, hash: StatementHash([1; 32]) };
    key.remember(WitnessMemory::Last(said)).unwrap();
    assert_eq!(open(directory.path()).memory(), WitnessMemory::Last(said));
    // From now on a missing state is a lost one: the store may be older than it was.
    fs::remove_file(directory.path().join("witness.state")).unwrap();
    assert_eq!(open(directory.path()).memory(), WitnessMemory::Lost);
    assert_eq!(open(directory.path()).public(), public);
}

#[test]
fn an_older_key_of_which_nothing_is_known_is_silent_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    WitnessKey::open_or_create(directory.path()).unwrap();
    make_older(directory.path());
    open(directory.path()).remember(WitnessMemory::Lost).unwrap();
    assert_eq!(open(directory.path()).memory(), WitnessMemory::Lost);
    assert_eq!(names(directory.path()), ["witness.key"]);
}

#[test]
fn a_new_key_begins_anew_and_no_old_file_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let made = WitnessKey::renew(directory.path()).unwrap();
    assert!(made.old.is_none());
    let mut olds = vec![made.public];
    for number in 1..=3 {
        open(directory.path()).sign(statement(0), &CHAIN).unwrap();
        let kept = ["witness.key", "witness.state"].map(|name| directory.path().join(name));
        let contents = kept.each_ref().map(|file| fs::read(file).unwrap());
        let made = WitnessKey::renew(directory.path()).unwrap();
        let (aside, old) = made.old.unwrap();
        assert_eq!(old, olds.last().copied());
        assert_eq!(aside, directory.path().join(format!("witness.key.{number}")));
        for (file, content) in kept.iter().zip(contents) {
            let name = file.file_name().unwrap().to_str().unwrap();
            let aside = directory.path().join(format!("{name}.{number}"));
            assert_eq!(fs::read(aside).unwrap(), content);
        }
        assert_eq!(open(directory.path()).memory(), WitnessMemory::Nothing);
        assert_eq!(open(directory.path()).public(), made.public);
        assert!(!olds.contains(&made.public));
        olds.push(made.public);
    }
    // One that cannot be read is kept as well.
    fs::write(directory.path().join("witness.key"), "mine").unwrap();
    let made = WitnessKey::renew(directory.path()).unwrap();
    assert_eq!(made.old, Some((directory.path().join("witness.key.4"), None)));
    assert_eq!(fs::read(directory.path().join("witness.key.4")).unwrap(), b"mine");
}

#[test]
fn a_state_whose_key_was_moved_away_is_kept_when_a_new_key_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let (mut key, _) = WitnessKey::open_or_create(directory.path()).unwrap();
    let signed = key.sign(statement(4), &CHAIN).unwrap();
    let file = |name: &str| directory.path().join(name);
    fs::rename(file("witness.key"), file("mine")).unwrap();
    let (new, made) = WitnessKey::open_or_create(directory.path()).unwrap();
    assert!(made.is_some());
    assert_eq!(new.memory(), WitnessMemory::Nothing);
    fs::rename(file("mine"), file("witness.key")).unwrap();
    fs::rename(file("witness.state.1"), file("witness.state")).unwrap();
    assert_eq!(open(directory.path()).memory(), last(&signed));
}

#[test]
fn a_file_that_holds_something_else_is_left_alone_and_nothing_of_it_is_shown() {
    let directory = tempfile::tempdir().unwrap();
    let (_, made) = WitnessKey::open_or_create(directory.path()).unwrap();
    let file = made.unwrap();
    let text = fs::read_to_string(&file).unwrap();
    let form = "kusari-witness-key-2 ";
    let digit = text.chars().nth(form.len()).unwrap();
    for wrong in [
        String::new(),
        text.trim_end().to_owned(),
        format!("{text}\n"),
        text.replace("key-2", "key-3"),
        text.replacen(&format!("2 {digit}"), "2 g", 1),
        text[1..].to_owned(),
        text.replacen(&format!("2 {digit}"), "2 ", 1),
        "x".repeat(1_000_000),
    ] {
        fs::write(&file, &wrong).unwrap();
        let error = WitnessKey::open_or_create(directory.path()).err().unwrap();
        assert!(matches!(error, WitnessKeyError::Form { .. }), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), wrong);
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_every_user_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let (_, made) = WitnessKey::open_or_create(directory.path()).unwrap();
    let file = made.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o604)).unwrap();
    let error = WitnessKey::open(directory.path()).err().unwrap();
    assert!(matches!(error, WitnessKeyError::Open { .. }), "{error}");
}

/// A statement that is not durable as said is not given to anybody.
#[test]
fn nothing_is_signed_where_the_state_cannot_be_written() {
    let directory = tempfile::tempdir().unwrap();
    let (mut key, _) = WitnessKey::open_or_create(directory.path()).unwrap();
    let file = directory.path().join("witness.state");
    fs::remove_file(&file).unwrap();
    // A directory is in the way.
    fs::create_dir(&file).unwrap();
    let error = key.sign(statement(0), &CHAIN).unwrap_err();
    assert!(matches!(error, WitnessKeyError::Unwritable(_)), "{error}");
    assert_eq!(key.memory(), WitnessMemory::Nothing);
}
