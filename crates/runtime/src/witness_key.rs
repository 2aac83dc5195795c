//! The key that this node signs statements with as a witness, and what it said last.
//!
//! Owns two files in a data directory, which only their owner reads: `witness.key`, one line with the
//! secret, and `witness.state`, what the key said last. No money hangs on the key, so like the key of an
//! SSH host it is not encrypted. Signs statements of witnesses and nothing else, and none before its
//! sequence is durable as used: two statements under one sequence make a key worthless for good, and the
//! store, which holds the statements too, may be lost or come back from an old copy.
//!
//! A key of the second form has had its state beside it all its life, so where that is missing it is
//! lost. One of the first form is older than states are.

mod file;
pub mod state;

use std::path::{Path, PathBuf};

use ed25519_zebra::{SigningKey, VerificationKeyBytes};
use kusari_chain::ledger::{ChainId, PublicKey, Signature, UnsignedStatement, WitnessStatement};
use kusari_node::{LastStatement, WitnessMemory};
use zeroize::Zeroizing;

pub use self::file::WitnessKeyError;
use self::file::{Form, Secret};

/// The key, with what it said. Its secret is overwritten when it is dropped, and shown nowhere.
pub struct WitnessKey {
    key: Zeroizing<SigningKey>,
    public: PublicKey,
    memory: WitnessMemory,
    /// Where it is kept; nowhere for a chain in memory.
    directory: Option<PathBuf>,
    /// The form of its file.
    form: Form,
}

/// A key that took the place of another one.
pub struct NewWitnessKey {
    /// The new one.
    pub public: PublicKey,
    /// Its file.
    pub file: PathBuf,
    /// The file that the old one has now, where there was one, and the old key, where it could be read.
    pub old: Option<(PathBuf, Option<PublicKey>)>,
}

impl WitnessKey {
    /// The key of a data directory, made there where it is missing. Returns the file as well, where
    /// it is new. The caller has locked the directory.
    ///
    /// # Errors
    /// [`WitnessKeyError`]; a file that is there is never written over.
    pub fn open_or_create(directory: &Path) -> Result<(Self, Option<PathBuf>), WitnessKeyError> {
        if let Some(key) = Self::open(directory)? {
            return Ok((key, None));
        }
        // What another key said belongs to that key, which may come back.
        file::set_aside(directory)?;
        let (key, file) = Self::create(directory)?;
        Ok((key, Some(file)))
    }

    /// A new key in place of the one that is there, which keeps its file and its state under other
    /// names. The caller has locked the directory.
    ///
    /// # Errors
    /// [`WitnessKeyError`]. Where this breaks off there is the old key, which at worst says nothing, or
    /// none, so that the next start makes one.
    pub fn renew(directory: &Path) -> Result<NewWitnessKey, WitnessKeyError> {
        let old = Self::open(directory).ok().flatten().map(|old| old.public);
        let aside = file::set_aside(directory)?;
        let (key, file) = Self::create(directory)?;
        Ok(NewWitnessKey { public: key.public, file, old: aside.map(|aside| (aside, old)) })
    }

    fn create(directory: &Path) -> Result<(Self, PathBuf), WitnessKeyError> {
        let secret = Secret::random()?;
        let mut key = Self::of(&secret);
        key.directory = Some(directory.to_owned());
        // First its state: a key of this form that has none says nothing.
        key.write_state(key.memory)?;
        let file = file::write_new_key(directory, &secret)?;
        Ok((key, file))
    }

    /// A key that is in no file, for a chain in memory.
    ///
    /// # Errors
    /// [`WitnessKeyError::Random`].
    pub fn forgotten() -> Result<Self, WitnessKeyError> {
        Ok(Self::of(&Secret::random()?))
    }

    /// The key of a data directory, if it has one.
    ///
    /// # Errors
    /// [`WitnessKeyError`].
    pub fn open(directory: &Path) -> Result<Option<Self>, WitnessKeyError> {
        let Some((form, secret)) = file::read_key(directory)? else { return Ok(None) };
        let mut key = Self::of(&secret);
        key.memory = match (file::read_state(directory)?, form) {
            (None, Form::BeforeStates) => WitnessMemory::Unkept,
            (None, Form::WithState) => WitnessMemory::Lost,
            // Damaged, or of another key: a copy that is older than it was would look no better.
            (Some(bytes), _) => match state::parse(&bytes) {
                Some((of, memory)) if of == key.public => memory,
                _ => WitnessMemory::Lost,
            },
        };
        (key.form, key.directory) = (form, Some(directory.to_owned()));
        Ok(Some(key))
    }

    /// A key that was made just now.
    fn of(secret: &Secret) -> Self {
        let key = Zeroizing::new(SigningKey::from(*secret.bytes()));
        let public = PublicKey(VerificationKeyBytes::from(&*key).into());
        let (memory, form) = (WitnessMemory::Nothing, Form::WithState);
        Self { key, public, memory, directory: None, form }
    }

    /// What others know it by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// What it is known to have said.
    #[must_use]
    pub fn memory(&self) -> WitnessMemory {
        self.memory
    }

    /// Remembers durably what the key said, where that is more than is remembered.
    ///
    /// # Errors
    /// [`WitnessKeyError::Unwritable`].
    pub fn remember(&mut self, memory: WitnessMemory) -> Result<(), WitnessKeyError> {
        let raised = self.memory.raised(memory);
        if raised == self.memory {
            return Ok(());
        }
        self.write_state(raised)?;
        if let (Some(directory), Form::BeforeStates) = (&self.directory, self.form) {
            file::mark_with_state(directory)?;
            self.form = Form::WithState;
        }
        self.memory = raised;
        Ok(())
    }

    fn write_state(&self, memory: WitnessMemory) -> Result<(), WitnessKeyError> {
        match (&self.directory, state::encode(&self.public, memory)) {
            (Some(directory), Some(line)) => file::write_state(directory, &line),
            // What is lost has no file.
            _ => Ok(()),
        }
    }

    /// Signs a statement for a chain, and remembers it durably before it is returned.
    ///
    /// # Errors
    /// [`WitnessKeyError::Used`] where its sequence is used or may be, [`WitnessKeyError::Unwritable`].
    pub fn sign(
        &mut self,
        statement: UnsignedStatement,
        chain: &ChainId,
    ) -> Result<WitnessStatement, WitnessKeyError> {
        if !self.memory.may_sign(&statement) {
            return Err(WitnessKeyError::Used { sequence: statement.sequence });
        }
        let signature = self.key.sign(&statement.signing_bytes(chain));
        let signed = statement.signed(self.public, Signature(signature.to_bytes()));
        self.remember(WitnessMemory::Last(LastStatement::from(&signed)))?;
        Ok(signed)
    }
}

#[cfg(test)]
#[path = "witness_key_tests.rs"]
mod tests;
