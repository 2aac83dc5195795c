//! Where printed lines go: plain stdout, or around the line that is being typed.
//!
//! Owns stdout. Whoever reads it may go away at any time: then the output is dropped and the node
//! runs on.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::words::Severity;

/// Text that is written at once at most; cards of a burst are put together up to this.
const BATCH_BYTES: usize = 16 * 1024;

/// Erases what stands in the current line.
const ERASE_LINE: &str = "\r\x1b[K";

/// Goes to the line above and erases it.
const ERASE_LINE_ABOVE: &str = "\x1b[1A\r\x1b[2K";

/// Prints above the line that is being typed.
pub(crate) type PrintAbove = Box<dyn FnMut(String) -> bool + Send>;

/// What the prompt and the output need to know of one another.
#[derive(Debug, Default)]
pub(crate) struct AtPrompt {
    /// A line is being typed.
    pub(crate) reading: AtomicBool,
    /// A line was typed since the output last looked.
    pub(crate) typed: AtomicBool,
}

/// How to print.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looks {
    /// The other end is a terminal that can rewrite a line.
    pub(crate) live: bool,
    /// It is one that may be given colours.
    pub(crate) colour: bool,
}

/// Stdout, with whatever stands around it.
pub(crate) struct Output {
    direct: Box<dyn Write + Send>,
    prompt: Option<(PrintAbove, Arc<AtPrompt>)>,
    looks: Looks,
    pending: String,
    /// The progress that stands on the screen as its last line.
    progress: Option<String>,
    gone: bool,
}

impl Output {
    pub(crate) fn new(direct: Box<dyn Write + Send>, looks: Looks) -> Self {
        Self { direct, prompt: None, looks, pending: String::new(), progress: None, gone: false }
    }

    pub(crate) fn with_prompt(mut self, print: PrintAbove, at_prompt: Arc<AtPrompt>) -> Self {
        self.prompt = Some((print, at_prompt));
        self
    }

    /// Whether progress can be rewritten in place.
    pub(crate) fn is_live(&self) -> bool {
        self.looks.live
    }

    /// Prints lines.
    pub(crate) fn line(&mut self, text: &str, severity: Severity) {
        let colour = match severity {
            Severity::Warning | Severity::Alarm => Some("\x1b[33m"),
            Severity::Routine | Severity::Answer => None,
        };
        let progress = self.progress.take();
        if progress.is_some() && self.prompt.is_none() {
            self.pending.push_str(ERASE_LINE);
        }
        match colour.filter(|_| self.looks.colour) {
            Some(colour) => {
                self.pending.push_str(colour);
                self.pending.push_str(text);
                self.pending.push_str("\x1b[0m");
            }
            None => self.pending.push_str(text),
        }
        self.pending.push('\n');
        if let Some(progress) = progress
            && self.prompt.is_none()
        {
            self.pending.push_str(&progress);
            self.progress = Some(progress);
        }
        if self.pending.len() >= BATCH_BYTES {
            self.flush();
        }
    }

    /// Says on stderr what must not be missed, unless stdout and stderr are the same terminal.
    pub(crate) fn alarm(&mut self, text: &str) {
        if !(std::io::stdout().is_terminal() && std::io::stderr().is_terminal()) {
            // Where stderr is closed nobody is left to be told.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Shows progress, in place of the one before where that is possible.
    pub(crate) fn progress(&mut self, text: &str) {
        if !self.looks.live {
            return self.line(text, Severity::Routine);
        }
        self.rewrite(text);
        if self.prompt.is_some() {
            self.pending.push('\n');
        }
        self.progress = Some(text.to_owned());
    }

    /// Shows the last word on progress.
    pub(crate) fn progress_end(&mut self, text: &str) {
        if self.looks.live {
            self.rewrite(text);
            self.pending.push('\n');
            self.progress = None;
        } else {
            self.line(text, Severity::Routine);
        }
    }

    /// Begins the line that takes the place of the progress before it.
    fn rewrite(&mut self, text: &str) {
        match &self.prompt {
            None => self.pending.push_str(ERASE_LINE),
            Some((_, at_prompt)) => {
                // Once a line was typed, it stands where the progress stood.
                let typed = at_prompt.typed.swap(false, Ordering::Relaxed);
                if self.progress.is_some() && !typed {
                    self.pending.push_str(ERASE_LINE_ABOVE);
                }
            }
        }
        self.pending.push_str(text);
    }

    /// Writes what is pending.
    pub(crate) fn flush(&mut self) {
        let mut text = std::mem::take(&mut self.pending);
        if self.gone || text.is_empty() {
            return;
        }
        if let Some((print, _)) = &mut self.prompt {
            if print(text.clone()) {
                return;
            }
            // The prompt is no more.
            self.prompt = None;
            text.insert_str(0, ERASE_LINE);
        }
        let written = self.direct.write_all(text.as_bytes()).and_then(|()| self.direct.flush());
        if let Err(error) = written {
            self.gone = true;
            tracing::info!("nobody reads the output any more, it is dropped from here on: {error}");
        }
    }

    /// From here on the line that is being typed, if any, is of no more interest.
    pub(crate) fn leave_prompt(&mut self) {
        if let Some((_, at_prompt)) = self.prompt.take() {
            self.progress = None;
            if at_prompt.reading.load(Ordering::Relaxed) {
                self.pending.insert_str(0, ERASE_LINE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::captured_output::Written;
    use super::*;
    use std::io;
    use std::sync::Mutex;

    fn written(looks: Looks, print: impl FnOnce(&mut Output)) -> String {
        let sink = Written::default();
        let mut output = Output::new(Box::new(sink.clone()), looks);
        print(&mut output);
        output.flush();
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn show(output: &mut Output) {
        output.progress("one");
        output.progress("two");
        output.line("beside", Severity::Warning);
        output.progress_end("end");
    }

    #[test]
    fn a_file_gets_lines_and_nothing_else() {
        assert_eq!(written(Looks::default(), show), "one\ntwo\nbeside\nend\n");
    }

    #[test]
    fn a_terminal_gets_progress_rewritten_in_place_below_other_lines() {
        let looks = Looks { live: true, colour: true };
        assert_eq!(
            written(looks, show),
            "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K\x1b[33mbeside\x1b[0m\ntwo\r\x1b[Kend\n"
        );
    }

    #[test]
    fn above_a_prompt_progress_is_rewritten_unless_a_line_was_typed() {
        let above = Arc::new(Mutex::new(String::new()));
        let at_prompt = Arc::new(AtPrompt::default());
        let sink = Arc::clone(&above);
        let print = Box::new(move |text: String| {
            sink.lock().unwrap().push_str(&text);
            true
        });
        let looks = Looks { live: true, colour: false };
        let mut output = Output::new(Box::new(Written::default()), looks)
            .with_prompt(print, Arc::clone(&at_prompt));
        output.progress("one");
        output.progress("two");
        at_prompt.typed.store(true, Ordering::Relaxed);
        output.progress("three");
        output.line("beside", Severity::Routine);
        output.progress_end("end");
        output.flush();
        assert_eq!(*above.lock().unwrap(), "one\n\x1b[1A\r\x1b[2Ktwo\nthree\nbeside\nend\n");
    }

    #[test]
    fn a_reader_that_went_away_stops_nothing() {
        struct Broken;
        impl Write for Broken {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut output = Output::new(Box::new(Broken), Looks::default());
        for _ in 0..3 {
            output.line("hi", Severity::Answer);
            output.flush();
        }
        assert!(output.gone);
    }
}
