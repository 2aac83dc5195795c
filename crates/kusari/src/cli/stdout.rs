//! Stdout of a command.
//!
//! Owns how answers are written there. Whoever reads may go away at any time, as `head` does: that
//! ends the command quietly and is no failure. Anything else that keeps an answer from being
//! written is one.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::escape::Plain;
use super::failure::{Result, failed};

/// Prints an answer: as a line of JSON, or in words.
pub(crate) fn show<T: Serialize>(
    json: bool,
    answer: &T,
    words: impl FnOnce(&T) -> String,
) -> Result {
    let mut output = Stdout::new();
    match json {
        true => output.json(answer)?,
        false => output.line(&words(answer))?,
    }
    output.flush()
}

/// Prints a text that is safe to print, and a newline.
pub(crate) fn print(text: &str) -> Result {
    let mut output = Stdout::new();
    output.line(text)?;
    output.flush()
}

/// Says something beside the answer of a command.
pub(crate) fn say_beside(text: &str) {
    // Where stderr is closed there is no reader.
    let _ = writeln!(io::stderr(), "{}", Plain(text));
}

/// Writes the answer of a command.
pub(crate) struct Stdout<W: Write = io::Stdout> {
    writer: BufWriter<W>,
    gone: bool,
}

impl Stdout {
    pub(crate) fn new() -> Self {
        Self::over(io::stdout())
    }
}

impl<W: Write> Stdout<W> {
    fn over(writer: W) -> Self {
        Self { writer: BufWriter::new(writer), gone: false }
    }

    /// Whether nobody reads any more, so that there is no use in going on.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Writes a text and a newline. The text is safe to print.
    pub(crate) fn line(&mut self, text: &str) -> Result {
        self.bytes(text.as_bytes())?;
        self.bytes(b"\n")
    }

    /// Writes a value as one line of JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result {
        self.line(&serde_json::to_string(value)?)
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result {
        self.guarded(|writer| writer.write_all(bytes))
    }

    /// Hands on what was written so far; called at the end, and where somebody waits for a line.
    pub(crate) fn flush(&mut self) -> Result {
        self.guarded(BufWriter::flush)
    }

    fn guarded(&mut self, write: impl FnOnce(&mut BufWriter<W>) -> io::Result<()>) -> Result {
        if self.gone {
            return Ok(());
        }
        match write(&mut self.writer) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(())
            }
            Err(error) => Err(failed!(
                "the output cannot be written: {error}; see to where it goes, then ask again"
            )),
            Ok(()) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
        let mut output = Stdout::over(Broken(io::ErrorKind::BrokenPipe));
        assert!(output.line("hi").is_ok() && !output.is_gone());
        assert!(output.flush().is_ok() && output.is_gone());
        assert!(output.line("hi").is_ok() && output.flush().is_ok());
        let mut output = Stdout::over(Broken(io::ErrorKind::StorageFull));
        assert!(output.line("hi").is_ok());
        assert!(output.flush().is_err() && !output.is_gone());
    }
}
