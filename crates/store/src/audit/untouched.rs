//! A database over a file that is never written.
//!
//! Owns the medium that an audit and a copy read from: the database believes that it writes, say to
//! repair what a crash left open, and what it writes stays in memory and is forgotten.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use crate::handle::Handle;
use crate::open::{self, OpenError};

/// Unit of what is written, in bytes: the database's page.
const PAGE: u64 = 4_096;

/// Opens the database in `file` without ever writing to it. The caller sees to it that no other process
/// does.
pub(crate) fn open_untouched(file: &Path) -> Result<Handle, OpenError> {
    let medium = Untouched::open(file).map_err(|error| open::unusable_file(file, error))?;
    Ok(Handle::untouched(open::open_with_backend(file, medium)?))
}

#[derive(Debug)]
struct Untouched(Mutex<Content>);

#[derive(Debug)]
struct Content {
    file: File,
    /// Bytes of the file that still count: those beyond were cut off, if only in memory.
    file_bytes: u64,
    length: u64,
    /// Pages that were written, by number; what they lack at their end is zero.
    written: BTreeMap<u64, Vec<u8>>,
}

impl Untouched {
    fn open(file: &Path) -> io::Result<Self> {
        let file = File::open(file)?;
        let length = file.metadata()?.len();
        // An empty file would be made a new database.
        if length == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is empty"));
        }
        let written = BTreeMap::new();
        Ok(Self(Mutex::new(Content { file, file_bytes: length, length, written })))
    }

    /// Nothing panics while it holds the lock, so what is behind a poisoned one is whole.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    /// One page as it is now, up to the end of the medium.
    fn read_page(&mut self, page: u64, out: &mut Vec<u8>) -> io::Result<()> {
        out.clear();
        if let Some(bytes) = self.written.get(&page) {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        let start = page * PAGE;
        let wanted = self.file_bytes.saturating_sub(start).min(PAGE);
        if wanted > 0 {
            self.file.seek(SeekFrom::Start(start))?;
            (&self.file).take(wanted).read_to_end(out)?;
            if out.len() as u64 != wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        out.resize(PAGE as usize, 0);
        Ok(())
    }
}

/// The pages that a range touches, each with the range's part of the page and of the whole.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % PAGE) as usize;
        let size = (PAGE as usize - within).min(length - done);
        done += size;
        Some((at / PAGE, within, done - size, size))
    })
}

impl StorageBackend for Untouched {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut content = self.content();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > content.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = Vec::with_capacity(PAGE as usize);
        for (page, within, place, size) in parts(offset, out.len()) {
            content.read_page(page, &mut bytes)?;
            out[place..place + size].copy_from_slice(&bytes[within..within + size]);
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut content = self.content();
        if length < content.length {
            content.file_bytes = content.file_bytes.min(length);
            content.written.split_off(&length.div_ceil(PAGE));
            if let Some(last) = content.written.get_mut(&(length / PAGE)) {
                last[(length % PAGE) as usize..].fill(0);
            }
        }
        content.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut content = self.content();
        if offset.checked_add(data.len() as u64).is_none_or(|end| end > content.length) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut bytes = Vec::with_capacity(PAGE as usize);
        for (page, within, place, size) in parts(offset, data.len()) {
            content.read_page(page, &mut bytes)?;
            bytes[within..within + size].copy_from_slice(&data[place..place + size]);
            content.written.insert(page, bytes.clone());
        }
        Ok(())
    }
}
