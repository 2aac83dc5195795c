//! A file that is there whole or not at all.
//!
//! It is written under another name beside its own, made durable, and only then given its name. What
//! was there before stays as it was until that moment, and for good where anything fails.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::commands::Failure;
use super::unfinished::Unfinished;

/// A file that is being written.
pub(crate) struct WholeFile {
    writer: BufWriter<File>,
    target: PathBuf,
    temporary: Unfinished,
    overwrite: bool,
}

impl WholeFile {
    /// Begins to write what `target` will be. `overwrite` says whether it may be there already.
    pub(crate) fn create(target: &Path, overwrite: bool) -> Result<Self, Failure> {
        may_be_written(target, overwrite)?;
        let name = target.file_name().ok_or_else(|| unusable(target, "it names no file"))?;
        let mut name = name.to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let temporary = target.with_file_name(name);
        if temporary.symlink_metadata().is_ok() {
            return Err(unusable(&temporary, "it is there already"));
        }
        // Watched before it is there: a signal may come right after.
        let temporary = Unfinished::watch(temporary);
        let file = File::create_new(temporary.path());
        let file = file.map_err(|error| unusable(temporary.path(), error))?;
        let writer = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self { writer, target: target.into(), temporary, overwrite })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.writer.write_all(bytes).map_err(|error| unusable(self.temporary.path(), error))
    }

    /// It is whole: makes it durable and gives it its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let written = self.writer.flush().and_then(|()| self.writer.get_ref().sync_all());
        written.map_err(|error| unusable(self.temporary.path(), error))?;
        // Somebody may have made one meanwhile.
        may_be_written(&self.target, self.overwrite)?;
        let renamed =
            fs::rename(self.temporary.path(), &self.target).and_then(|()| self.sync_directory());
        renamed.map_err(|error| unusable(&self.target, error))
    }

    /// Makes the new name durable. Only Unix has, and needs, such a call.
    fn sync_directory(&self) -> io::Result<()> {
        if cfg!(unix) {
            let parent = self.target.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(())
    }
}

fn may_be_written(target: &Path, overwrite: bool) -> Result<(), Failure> {
    match fs::metadata(target) {
        Ok(found) if !found.is_file() => Err(unusable(target, "it is there and is no file")),
        Ok(_) if !overwrite => Err(Failure::failed(format!(
            "{} is there already; name another file, or say --force to overwrite it",
            target.display()
        ))),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(unusable(target, error)),
    }
}

fn unusable(path: &Path, why: impl core::fmt::Display) -> Failure {
    Failure::failed(format!(
        "{} cannot be written ({why}); name a file that can, or - for stdout",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn nothing_is_left_behind_unless_the_file_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        let mut file = WholeFile::create(&target, false).unwrap();
        file.write(b"half").unwrap();
        assert!(!target.exists());
        drop(file);
        assert_eq!(files(directory.path()), [""; 0]);
        let mut file = WholeFile::create(&target, false).unwrap();
        file.write(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(files(directory.path()), ["file"]);
        assert_eq!(fs::read(&target).unwrap(), b"whole");
    }

    #[test]
    fn a_file_is_overwritten_only_where_that_was_said_and_anything_else_never() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("file");
        let early = WholeFile::create(&target, false).unwrap();
        fs::write(&target, "mine").unwrap();
        assert!(early.finish().is_err());
        assert!(WholeFile::create(&target, false).is_err());
        assert!(WholeFile::create(directory.path(), true).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"mine");
        let mut file = WholeFile::create(&target, true).unwrap();
        file.write(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }
}
