//! A medium that fails: the one part of the store's behaviour that needs its insides.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use kusari_node::store::{OutboxStore, OutboxWrite};
use redb::Builder;

use super::*;

/// Memory that outlives the database over it, and refuses every write once a number is used up.
#[derive(Clone, Debug)]
struct FullDisk {
    memory: Arc<InMemoryBackend>,
    writes_left: Arc<AtomicI64>,
}

impl FullDisk {
    fn new(writes: i64) -> Self {
        let memory = Arc::new(InMemoryBackend::new());
        Self { memory, writes_left: Arc::new(AtomicI64::new(writes)) }
    }

    fn spend(&self) -> io::Result<()> {
        if self.writes_left.fetch_sub(1, Ordering::Relaxed) > 0 {
            return Ok(());
        }
        Err(io::ErrorKind::StorageFull.into())
    }
}

impl StorageBackend for FullDisk {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.spend()?;
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.spend()?;
        self.memory.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.spend()?;
        self.memory.write(offset, data)
    }
}

fn entry(id: u64) -> StoreBatch {
    let text = "x".repeat(3_000);
    StoreBatch {
        outbox: vec![OutboxWrite::Insert { id, text, draft: None }],
        ..StoreBatch::default()
    }
}

#[test]
fn full_disk_ends_writing_with_an_error_and_loses_nothing_that_was_acknowledged() {
    let mut failed_at_start = 0;
    for writes in 0..150 {
        let disk = FullDisk::new(writes);
        let Ok(store) = Store::with_backend(disk.clone(), Kind::Classic) else {
            failed_at_start += 1;
            continue;
        };
        let failed = (1..100).find(|id| store.commit(&[entry(*id)]).is_err()).unwrap();
        // Space that is free again does not bring a lost batch back.
        disk.writes_left.store(i64::MAX, Ordering::Relaxed);
        let message = store.commit(&[entry(failed)]).unwrap_err().to_string();
        assert!(message.contains("nothing is written any more"), "{message}");
        assert!(message.contains("the disk is full"), "{message}");
        drop(store);

        let store =
            Store::over((Builder::new().create_with_backend(disk).unwrap(), Kind::Classic), None);
        let next = store.outbox_facts().unwrap().next_id;
        assert!((failed..=failed + 1).contains(&next), "{failed} failed, {next} is next");
        let mut count = 0;
        store.visit_waiting_entries(0..next, usize::MAX, &mut |_| count += 1).unwrap();
        assert_eq!(count, next - 1);
        store.commit(&[entry(next)]).unwrap();
    }
    assert!((1..100).contains(&failed_at_start));
}
