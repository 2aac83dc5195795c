//! Damage to the bytes of the file itself, below what the database hands out.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use kusari_store::{AuditReport, OpenError, audit_file};
use redb::{
    Database, Key, ReadTransaction, ReadableDatabase, ReadableTable, TableDefinition, Value,
};

use super::sound::sound_store;
use crate::support::TempDir;

const PAGE: usize = 4_096;
/// Bytes of the header: what comes before the two commit slots and these.
const HEADER: usize = 320;
/// Flips in each page that is in use.
const FLIPS_A_PAGE: usize = 24;

type Rows = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

fn read_table<K: Key + 'static, V: Value + 'static>(
    transaction: &ReadTransaction,
    name: &'static str,
    rows: &mut Rows,
) {
    let table = transaction.open_table(TableDefinition::<K, V>::new(name)).unwrap();
    for row in table.iter().unwrap() {
        let (key, value) = row.unwrap();
        let (key, value) = (key.value(), value.value());
        rows.insert(
            (name, K::as_bytes(&key).as_ref().to_vec()),
            V::as_bytes(&value).as_ref().to_vec(),
        );
    }
}

/// Everything that the database hands out.
fn content(file: &Path) -> Rows {
    let database = Database::open(file).unwrap();
    let transaction = database.begin_read().unwrap();
    let mut rows = Rows::new();
    read_table::<&str, &[u8]>(&transaction, "meta", &mut rows);
    read_table::<u64, &[u8]>(&transaction, "blocks", &mut rows);
    read_table::<u32, &[u8]>(&transaction, "best", &mut rows);
    read_table::<(u64, u64), &[u8]>(&transaction, "by_hash", &mut rows);
    read_table::<u64, &[u8]>(&transaction, "side", &mut rows);
    read_table::<u64, &[u8]>(&transaction, "outbox", &mut rows);
    read_table::<u64, &[u8]>(&transaction, "outbox_waiting", &mut rows);
    read_table::<u64, &[u8]>(&transaction, "outbox_open", &mut rows);
    read_table::<&[u8; 32], &[u8]>(&transaction, "outbox_blocks", &mut rows);
    rows
}

fn write_at(file: &Path, offset: usize, bytes: &[u8]) {
    let mut file = OpenOptions::new().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start(offset as u64)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Audits the file with one byte changed; says what the audit must never do.
fn flip(file: &Path, whole: &[u8], offset: usize, mask: u8) -> Result<AuditReport, OpenError> {
    write_at(file, offset, &[whole[offset] ^ mask]);
    let report = audit_file(file);
    assert_eq!(std::fs::metadata(file).unwrap().len(), whole.len() as u64);
    write_at(file, offset, &[whole[offset]]);
    report
}

/// A file in which all pages that were never used are zero, and where its used pages are.
fn file_and_used_pages(directory: &TempDir) -> (std::path::PathBuf, Vec<u8>, Vec<usize>) {
    sound_store(directory);
    let file = directory.path().join("chain.redb");
    let whole = std::fs::read(&file).unwrap();
    let pages = (PAGE..whole.len()).step_by(PAGE);
    let used = pages.filter(|page| whole[*page..][..PAGE].iter().any(|byte| *byte != 0)).collect();
    (file, whole, used)
}

#[test]
fn no_flipped_byte_changes_what_is_stored_behind_the_audits_back() {
    let directory = TempDir::new();
    let (file, whole, used) = file_and_used_pages(&directory);
    let expected = content(&file);
    // Opening to look closes cleanly, with other bytes; the test goes on with those.
    std::fs::write(&file, &whole).unwrap();
    let copy = directory.path().join("copy");
    let mut offsets: Vec<usize> = (0..HEADER).collect();
    for (number, page) in used.iter().enumerate() {
        // Places that differ from page to page, the beginning of each among them.
        offsets.extend((0..8).map(|at| page + at));
        offsets.extend((0..FLIPS_A_PAGE).map(|at| page + (at * 173 + number * 41) % PAGE));
    }
    let mut found = 0_usize;
    for (number, offset) in offsets.iter().enumerate() {
        let mask = 1 << (number % 8);
        let sound = match flip(&file, &whole, *offset, mask) {
            Ok(report) => report.finding.is_none(),
            Err(_) => false,
        };
        found += usize::from(!sound);
        if sound {
            let mut changed = whole.clone();
            changed[*offset] ^= mask;
            std::fs::write(&copy, changed).unwrap();
            let same =
                catch_unwind(AssertUnwindSafe(|| content(&copy))).is_ok_and(|c| c == expected);
            assert!(same, "byte {offset}, bit {mask:#x}: a changed store is called sound");
        }
    }
    assert!(found > offsets.len() / 4, "{found} of {} flips were found", offsets.len());
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn changed_byte_of_a_block_on_the_disk_is_found_as_that_block() {
    let directory = TempDir::new();
    let (file, whole, _) = file_and_used_pages(&directory);
    // Records lie side by side; each text is in one of the current pages and perhaps in old ones.
    let text = b"line 7";
    let places = whole.windows(text.len()).enumerate().filter(|(_, window)| window == text);
    let mut named = 0;
    for (place, _) in places {
        let report = flip(&file, &whole, place, 0x20).unwrap();
        let Some(finding) = report.finding else { continue };
        let said = finding.to_string();
        assert!(said.starts_with("block 7 is bad: it is not as it was written"), "{said}");
        assert_eq!(report.file.unwrap().pages, None, "checksums are said to hold: {said}");
        named += 1;
    }
    assert!(named > 0, "no page in use holds the text");
}

#[test]
fn every_page_of_records_that_is_wiped_is_a_finding() {
    let directory = TempDir::new();
    let (file, whole, used) = file_and_used_pages(&directory);
    let mut found = 0;
    for page in used {
        write_at(&file, page, &[0xff; 64]);
        let sound = audit_file(&file).is_ok_and(|report| report.finding.is_none());
        let holds_records = whole[page..][..PAGE].windows(7).any(|window| window == b"line 12");
        found += u32::from(!sound && holds_records);
        write_at(&file, page, &whole[page..][..64]);
    }
    assert!(found > 0, "the page of the blocks was not missed");
}

#[test]
fn cut_off_file_is_never_sound() {
    let directory = TempDir::new();
    let (file, whole, _) = file_and_used_pages(&directory);
    for length in [0, 1, 9, HEADER, PAGE, PAGE + 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let sound = audit_file(&file).is_ok_and(|report| report.finding.is_none());
        assert!(!sound, "{length} of {} bytes are called a sound store", whole.len());
    }
}
