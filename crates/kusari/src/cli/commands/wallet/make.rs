//! `kusari wallet new` and `kusari wallet import`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{PassphraseChoice, WalletChoice, made};
use crate::cli::prelude::*;
use kusari_files::Readers;
use kusari_wallet::passphrase::{Passphrase, PassphraseError, Purpose, obtain};
use kusari_wallet::{MAX_PHRASE_BYTES, Phrase, PhraseError, WalletError, create};

/// Words in a line, so that 24 of them are four lines.
const WORDS_IN_A_LINE: usize = 6;

/// Which wallet is made, and what protects it.
#[derive(Debug, clap::Args)]
struct NewWallet {
    #[command(flatten)]
    which: WalletChoice,

    #[command(flatten)]
    passphrase: PassphraseChoice,
}

impl NewWallet {
    /// Where the key file will be. Refuses to overwrite one before the person is asked for anything; whether
    /// that holds is decided when the file is written.
    fn path(&self) -> Result<PathBuf> {
        let path = self.which.path()?;
        match path.symlink_metadata() {
            Ok(_) => Err(WalletError::Exists { file: path }.into()),
            Err(_) => Ok(path),
        }
    }

    fn protection(&self) -> Result<Passphrase, PassphraseError> {
        let name = format!("the wallet {}", self.which.name);
        obtain(&self.passphrase.source(), Purpose::Protect, &name)
    }
}

/// Make a wallet, and show the 24 words that restore it
#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    #[command(flatten)]
    wallet: NewWallet,

    /// Write the words to this file, which only you can read, and do not show them
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

/// Make a wallet of the 24 words of another one
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    wallet: NewWallet,

    /// File with the words [default: stdin]
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
}

pub(super) fn new(args: &NewArgs) -> Result {
    let path = args.wallet.path()?;
    let passphrase = args.wallet.protection()?;
    let phrase = Phrase::random().map_err(WalletError::Chance)?;
    // The words first: a wallet whose words cannot be kept is not made.
    if let Some(file) = &args.words_file {
        write_words(file, &phrase.words())?;
    }
    let wallet = create(&path, &phrase, &passphrase).inspect_err(|_| {
        if let Some(file) = &args.words_file {
            // They restore nothing that anybody knows of.
            let _ = std::fs::remove_file(file);
        }
    })?;
    let mut output = Stdout::new();
    made(&mut output, &args.wallet.which.name, &wallet)?;
    match &args.words_file {
        Some(file) => output.line(&format!(
            "The 24 words that restore it are in {}; whoever reads them owns the wallet",
            shown(file)
        ))?,
        None => {
            output.line(
                "Write down these 24 words and show them to nobody: they restore the wallet, and \
                 whoever has them owns it",
            )?;
            let words = phrase.words();
            let words: Vec<&str> = words.split(' ').collect();
            for line in words.chunks(WORDS_IN_A_LINE) {
                output.line(&format!("  {}", *Zeroizing::new(line.join(" "))))?;
            }
        }
    }
    output.flush()
}

pub(super) fn import(args: &ImportArgs) -> Result {
    let path = args.wallet.path()?;
    let phrase = match &args.words_file {
        Some(file) => {
            let place = shown(file);
            let text = kusari_files::read(file, MAX_PHRASE_BYTES);
            Phrase::parse(&text.map_err(|error| unreadable(&place, &error))?)
                .map_err(|error| wrong(&place, error))?
        }
        None => {
            let text = from_stdin().map_err(|error| unreadable("stdin", &error))?;
            Phrase::parse(&text).map_err(|error| wrong("stdin", error))?
        }
    };
    let passphrase = args.wallet.protection()?;
    let wallet = create(&path, &phrase, &passphrase)?;
    let mut output = Stdout::new();
    made(&mut output, &args.wallet.which.name, &wallet)?;
    output.flush()
}

/// The words as they are piped in, or as a person types them: until there are as many as a phrase
/// has.
fn from_stdin() -> io::Result<Zeroizing<Vec<u8>>> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return kusari_files::read_from(stdin.lock(), MAX_PHRASE_BYTES);
    }
    let _ = writeln!(io::stderr(), "Type the 24 words:");
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_PHRASE_BYTES + 1));
    let mut stdin = stdin.lock();
    while text.len() <= MAX_PHRASE_BYTES && count_words(&text) < 24 {
        if stdin.read_until(b'\n', &mut text)? == 0 {
            break;
        }
    }
    Ok(text)
}

fn count_words(text: &[u8]) -> usize {
    let Ok(text) = kusari_input::decode(text) else { return 0 };
    kusari_input::words(&text).split_whitespace().count()
}

/// Writes words to a new file of this user's alone.
pub(super) fn write_words(file: &Path, words: &str) -> Result {
    let line = Zeroizing::new(format!("{words}\n"));
    Ok(kusari_files::write_new(file, line.as_bytes(), Readers::Owner)?)
}

fn unreadable(place: &str, error: &io::Error) -> Failure {
    failed!(
        "the words cannot be read from {place} ({error}); name a file with --words-file, or pipe \
         them in"
    )
}

fn wrong(place: &str, error: PhraseError) -> Failure {
    failed!("the words from {place} restore no wallet: {error}")
}
