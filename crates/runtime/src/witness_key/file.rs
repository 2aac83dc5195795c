//! The files of a witness key: their names, the form of the secret, and how they come to be there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::state;
use kusari_files::{FileError, Readers, SecretFileError};

/// Name of the file with the secret.
const KEY_FILE: &str = "witness.key";
/// Name of the file that says what the key said.
const STATE_FILE: &str = "witness.state";
/// How the line of a key begins that is older than states are.
const BEFORE_STATES: &str = "kusari-witness-key-1 ";
/// How it begins where the state was beside the key from then on.
const WITH_STATE: &str = "kusari-witness-key-2 ";
/// Bytes of the file: the form, the digits and a newline.
const KEY_BYTES: usize = WITH_STATE.len() + 64 + 1;
const _: () = assert!(BEFORE_STATES.len() == WITH_STATE.len(), "both forms are of one length");

/// Why there is no key to sign with, or no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessKeyError {
    /// The system gives no random numbers.
    #[error("the system gives no random numbers ({0}); start with `--witness off`")]
    Random(String),
    /// A file is there and cannot be read.
    #[error(
        "{} cannot be read ({source}); let this user read it, or start with `--witness off`",
        .file.display()
    )]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file of the key holds something else. Nothing of it is shown.
    #[error(
        "{} holds no witness key; restore it from a copy, or make a new key with `kusari witness-key \
         new`",
        .file.display()
    )]
    Form {
        /// The file.
        file: PathBuf,
    },
    /// Everybody on this machine may read it.
    #[error(
        "every user of this machine can read {}; make it private with `chmod 600`, or make a new key \
         with `kusari witness-key new` if somebody may have copied it",
        .file.display()
    )]
    Open {
        /// The file.
        file: PathBuf,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Unwritable(#[from] FileError),
    /// An old file cannot get another name.
    #[error("{} cannot be renamed ({source}); see to the disk and its permissions", .file.display())]
    Unmovable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The sequence is used, or nobody knows whether it is.
    #[error(
        "the witness key may have signed a statement with the sequence {sequence} before, so it does \
         not sign another one, which is a bug in kusari; please report it"
    )]
    Used {
        /// The sequence.
        sequence: u64,
    },
}

/// The forms of the file of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    BeforeStates,
    WithState,
}

/// The secret of a key. Overwritten when it is dropped.
pub(super) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub(super) fn random() -> Result<Self, WitnessKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| WitnessKeyError::Random(error.to_string()))?;
        Ok(Self(seed))
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret of a file; `None` where the file has another form.
    fn parse(bytes: &[u8]) -> Option<(Form, Self)> {
        let (form, rest) = match bytes.strip_prefix(WITH_STATE.as_bytes()) {
            Some(rest) => (Form::WithState, rest),
            None => (Form::BeforeStates, bytes.strip_prefix(BEFORE_STATES.as_bytes())?),
        };
        let digits = rest.strip_suffix(b"\n")?;
        if digits.len() != 64 {
            return None;
        }
        let mut seed = Zeroizing::new([0; 32]);
        for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
            *byte = u8::try_from(high? << 4 | low?).ok()?;
        }
        Some((form, Self(seed)))
    }

    fn line(&self) -> Zeroizing<String> {
        // Room from the start: growing would leave copies behind.
        let mut line = Zeroizing::new(String::with_capacity(KEY_BYTES));
        line.push_str(WITH_STATE);
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 0x0f] {
                line.extend(char::from_digit(digit.into(), 16));
            }
        }
        line.push('\n');
        line
    }
}

/// The key of a data directory, if it has one.
pub(super) fn read_key(directory: &Path) -> Result<Option<(Form, Secret)>, WitnessKeyError> {
    let file = directory.join(KEY_FILE);
    let bytes = match kusari_files::read_secret(&file, KEY_BYTES) {
        Ok(bytes) => bytes,
        Err(SecretFileError::Open) => return Err(WitnessKeyError::Open { file }),
        Err(SecretFileError::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(SecretFileError::Unreadable(source)) => {
            return Err(WitnessKeyError::Unreadable { file, source });
        }
    };
    Secret::parse(&bytes).ok_or(WitnessKeyError::Form { file }).map(Some)
}

/// The bytes of its state, if it has one.
pub(super) fn read_state(directory: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, WitnessKeyError> {
    let file = directory.join(STATE_FILE);
    match kusari_files::read(&file, state::MAX_BYTES) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(WitnessKeyError::Unreadable { file, source }),
    }
}

/// Writes the file of a key that has its state beside it, where there is none.
pub(super) fn write_new_key(directory: &Path, secret: &Secret) -> Result<PathBuf, WitnessKeyError> {
    let file = directory.join(KEY_FILE);
    kusari_files::write_new(&file, secret.line().as_bytes(), Readers::DirectoryOwner)?;
    Ok(file)
}

/// Has the file of a key say that it has its state beside it from now on.
pub(super) fn mark_with_state(directory: &Path) -> Result<(), WitnessKeyError> {
    let Some((_, secret)) = read_key(directory)? else { return Ok(()) };
    Ok(kusari_files::replace(&directory.join(KEY_FILE), secret.line().as_bytes())?)
}

/// Writes the state, in place of the one that is there.
pub(super) fn write_state(directory: &Path, line: &str) -> Result<(), WitnessKeyError> {
    Ok(kusari_files::replace(&directory.join(STATE_FILE), line.as_bytes())?)
}

/// Gives the files of a key names that are free, and never removes one. Returns the new name of the
/// key's file, where there was one.
pub(super) fn set_aside(directory: &Path) -> Result<Option<PathBuf>, WitnessKeyError> {
    let is_there = |file: &Path| file.symlink_metadata().is_ok();
    let [key, state] = [KEY_FILE, STATE_FILE].map(|name| directory.join(name));
    let has_key = is_there(&key);
    if !has_key && !is_there(&state) {
        return Ok(None);
    }
    let names = (1_u32..).map(|number| {
        [KEY_FILE, STATE_FILE].map(|name| directory.join(format!("{name}.{number}")))
    });
    let mut free = names.skip_while(|names| names.iter().any(|name| is_there(name)));
    let Some([old_key, old_state]) = free.next() else { return Ok(None) };
    // First the state: without it the key says nothing, while another key must not find it.
    for (file, aside) in [(&state, &old_state), (&key, &old_key)] {
        if is_there(file) {
            let unmovable = |source| WitnessKeyError::Unmovable { file: file.clone(), source };
            fs::rename(file, aside).map_err(unmovable)?;
            kusari_files::sync_directory(directory).map_err(unmovable)?;
        }
    }
    Ok(has_key.then_some(old_key))
}
