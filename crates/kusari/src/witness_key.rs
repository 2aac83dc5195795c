//! The key that this node signs statements with as a witness.
//!
//! Owns the file `witness.key` in a data directory: one line, `kusari-witness-key-1` and 64
//! hexadecimal digits, which only its owner reads. No money hangs on it, so like the key of an SSH host
//! it is not encrypted. Signs statements of witnesses and nothing else.

use std::io;
use std::path::{Path, PathBuf};

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use kusari_chain::ledger::{ChainId, PublicKey, Signature, UnsignedStatement, WitnessStatement};
use zeroize::Zeroizing;

use crate::private_file::{self, FileError, Readers};

/// Name of the file.
const FILE: &str = "witness.key";
/// How its line begins.
const FORM: &str = "kusari-witness-key-1 ";
/// Bytes of the file: the form, the digits and a newline.
const BYTES: usize = FORM.len() + 64 + 1;

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum WitnessKeyError {
    /// The system gives no random numbers.
    #[error("the system gives no random numbers ({0}); start with `--witness off`")]
    Random(String),
    /// The file is there and cannot be read.
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
    /// It holds something else. Nothing of it is shown.
    #[error(
        "{} holds no witness key; restore it from a copy, or move it away, so that the next start \
         makes a new key",
        .file.display()
    )]
    Form {
        /// The file.
        file: PathBuf,
    },
    /// Everybody on this machine may read it.
    #[error(
        "every user of this machine can read {}; make it private with `chmod 600`, and move it away \
         for a new key if somebody may have copied it",
        .file.display()
    )]
    Open {
        /// The file.
        file: PathBuf,
    },
    /// A new one cannot be written.
    #[error(transparent)]
    Unwritable(#[from] FileError),
}

/// The key. Overwritten when it is dropped, and shown nowhere.
pub struct WitnessKey {
    key: Zeroizing<SigningKey>,
    public: PublicKey,
}

impl WitnessKey {
    /// The key of a data directory, made there where it is missing. Returns the file as well, where
    /// it is new.
    ///
    /// # Errors
    /// [`WitnessKeyError`]; a file that is there is never written over.
    pub fn open_or_create(directory: &Path) -> Result<(Self, Option<PathBuf>), WitnessKeyError> {
        if let Some(key) = Self::open(directory)? {
            return Ok((key, None));
        }
        let (key, seed) = Self::random()?;
        let file = directory.join(FILE);
        private_file::write_new(&file, line_of(&seed).as_bytes(), Readers::Owner)?;
        Ok((key, Some(file)))
    }

    /// A key that is in no file, for a chain in memory.
    ///
    /// # Errors
    /// [`WitnessKeyError::Random`].
    pub fn forgotten() -> Result<Self, WitnessKeyError> {
        Self::random().map(|(key, _)| key)
    }

    /// The key of a data directory, if it has one.
    ///
    /// # Errors
    /// [`WitnessKeyError`].
    pub fn open(directory: &Path) -> Result<Option<Self>, WitnessKeyError> {
        let file = directory.join(FILE);
        let bytes = match private_file::read(&file, BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(WitnessKeyError::Unreadable { file, source }),
        };
        match private_file::is_open_to_all(&file) {
            Ok(true) => return Err(WitnessKeyError::Open { file }),
            Ok(false) => {}
            Err(source) => return Err(WitnessKeyError::Unreadable { file, source }),
        }
        let seed = seed_of(&bytes).ok_or(WitnessKeyError::Form { file })?;
        Ok(Some(Self::of(&seed)))
    }

    fn random() -> Result<(Self, Zeroizing<[u8; 32]>), WitnessKeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| WitnessKeyError::Random(error.to_string()))?;
        Ok((Self::of(&seed), seed))
    }

    fn of(seed: &[u8; 32]) -> Self {
        let key = Zeroizing::new(SigningKey::from(*seed));
        let public = PublicKey(VerificationKeyBytes::from(&*key).into());
        Self { key, public }
    }

    /// What others know it by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a statement for a chain.
    #[must_use]
    pub fn sign(&self, statement: UnsignedStatement, chain: &ChainId) -> WitnessStatement {
        let signature = self.key.sign(&statement.signing_bytes(chain));
        statement.signed(self.public, Signature(signature.to_bytes()))
    }
}

fn line_of(seed: &[u8; 32]) -> Zeroizing<String> {
    // Room from the start: growing would leave copies behind.
    let mut line = Zeroizing::new(String::with_capacity(BYTES));
    line.push_str(FORM);
    for byte in seed {
        for digit in [byte >> 4, byte & 0x0f] {
            line.extend(char::from_digit(digit.into(), 16));
        }
    }
    line.push('\n');
    line
}

/// The secret of a file; `None` where the file has another form.
fn seed_of(bytes: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let digits = bytes.strip_prefix(FORM.as_bytes())?.strip_suffix(b"\n")?;
    if digits.len() != 64 {
        return None;
    }
    let mut seed = Zeroizing::new([0; 32]);
    for (byte, pair) in seed.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_chain::BlockHash;
    use kusari_chain::ledger::StatementHash;
    use std::fs;

    #[test]
    fn a_key_is_made_once_and_signs_what_others_can_check() {
        let directory = tempfile::tempdir().unwrap();
        assert!(WitnessKey::open(directory.path()).unwrap().is_none());
        let (key, made) = WitnessKey::open_or_create(directory.path()).unwrap();
        let file = made.unwrap();
        assert_eq!(fs::read(&file).unwrap().len(), BYTES);
        let (again, made) = WitnessKey::open_or_create(directory.path()).unwrap();
        assert_eq!((again.public(), made), (key.public(), None));
        assert_ne!(WitnessKey::forgotten().unwrap().public(), key.public());
        let statement = UnsignedStatement {
            sequence: 0,
            previous: StatementHash::ZERO,
            height: 1,
            hash: BlockHash([1; 32]),
            time: 5,
        };
        assert!(again.sign(statement, &ChainId([7; 32])).is_signed(&ChainId([7; 32])));
    }

    #[test]
    fn a_file_that_holds_something_else_is_left_alone_and_nothing_of_it_is_shown() {
        let directory = tempfile::tempdir().unwrap();
        let (_, made) = WitnessKey::open_or_create(directory.path()).unwrap();
        let file = made.unwrap();
        let sound = fs::read(&file).unwrap();
        let text = String::from_utf8(sound.clone()).unwrap();
        let digit = text.chars().nth(FORM.len()).unwrap();
        for wrong in [
            String::new(),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("key-1", "key-2"),
            text.replacen(&format!("1 {digit}"), "1 g", 1),
            text[1..].to_owned(),
            text.replacen(&format!("1 {digit}"), "1 ", 1),
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
}
