//! What a run does about witnesses: whether it is one, with which key, and whom it believes.
//!
//! Owns the words of these settings and the first line about the key. The file of the key is up to
//! [`kusari_runtime::witness_key`].

use std::path::Path;

use kusari_chain::ledger::PublicKey;
use kusari_node::WitnessConfig;
use kusari_node::limits::MAX_LISTED_WITNESS_KEYS;

use super::escape::shown;
use super::failure::{UsageError, wrong};
use super::settings::NEEDS_LEDGER;
use super::words::Message;
use kusari_runtime::witness_key::{WitnessKey, WitnessKeyError};

/// The settings of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Witnessing {
    /// Whether this node makes statements.
    is_on: bool,
    /// Keys whose word counts.
    pub(crate) listed: Vec<PublicKey>,
}

impl Witnessing {
    /// What `--witness` and `--witness-key`, or the same in the file, mean for a node of a ledger or
    /// of the classic chain, which keeps its store or does not.
    pub(crate) fn new(
        witness: Option<&str>,
        keys: &[String],
        is_ledger: bool,
        is_kept: bool,
    ) -> Result<Self, UsageError> {
        if !is_ledger {
            return match (witness, keys) {
                (None, []) => Ok(Self::default()),
                (Some(_), _) => Err(wrong("--witness is for a ledger", NEEDS_LEDGER)),
                (None, _) => Err(wrong("--witness-key is for a ledger", NEEDS_LEDGER)),
            };
        }
        let is_on = match witness {
            None => is_kept,
            Some("on") => true,
            Some("off") => false,
            Some(other) => {
                return Err(wrong(
                    format!("`{other}` does not say whether to be a witness"),
                    "write on or off",
                ));
            }
        };
        let mut listed = Vec::new();
        for text in keys {
            let key = read_key(text)?;
            if !listed.contains(&key) {
                listed.push(key);
            }
        }
        if listed.len() > MAX_LISTED_WITNESS_KEYS {
            return Err(wrong(
                format!("{} keys of witnesses are listed", listed.len()),
                format!("list at most {MAX_LISTED_WITNESS_KEYS}"),
            ));
        }
        Ok(Self { is_on, listed })
    }

    /// The key to sign with, from the data directory or for a chain in memory, and what a person
    /// should know of it.
    pub(crate) fn key(
        &self,
        directory: Option<&Path>,
    ) -> Result<(Option<WitnessKey>, Vec<Message>), WitnessKeyError> {
        if !self.is_on {
            return Ok((None, Vec::new()));
        }
        let Some(directory) = directory else {
            let key = WitnessKey::forgotten()?;
            let said = format!("Witness key: {}, forgotten at the end", key.public());
            return Ok((Some(key), vec![Message::routine(said)]));
        };
        let (key, made) = WitnessKey::open_or_create(directory)?;
        let said = match made {
            Some(file) => Message::answer(format!(
                "A new witness key is in {}: others list this node as {}",
                shown(&file),
                key.public()
            )),
            None => Message::routine(format!("Witness key: {}", key.public())),
        };
        Ok((Some(key), vec![said]))
    }

    /// What the node is told.
    pub(crate) fn config(&self, key: Option<&WitnessKey>) -> WitnessConfig {
        WitnessConfig {
            own: key.map(WitnessKey::public),
            memory: key.map(WitnessKey::memory).unwrap_or_default(),
            listed: self.listed.clone(),
        }
    }
}

fn read_key(text: &str) -> Result<PublicKey, UsageError> {
    let key: Option<PublicKey> = text.parse().ok();
    key.filter(PublicKey::is_usable).ok_or_else(|| {
        wrong(
            format!("`{text}` is no key of a witness"),
            "write its 64 hexadecimal digits, as `kusari witnesses` on its node shows them",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(
        witness: Option<&str>,
        keys: &[&str],
        is_ledger: bool,
        is_kept: bool,
    ) -> Result<Witnessing, String> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        Witnessing::new(witness, &keys, is_ledger, is_kept).map_err(|error| error.to_string())
    }

    #[test]
    fn a_ledger_that_keeps_its_store_witnesses_unless_told_otherwise() {
        for (witness, is_kept, is_on) in [
            (None, true, true),
            (None, false, false),
            (Some("on"), false, true),
            (Some("off"), true, false),
        ] {
            assert_eq!(read(witness, &[], true, is_kept).unwrap().is_on, is_on);
        }
        assert_eq!(read(None, &[], false, true), Ok(Witnessing::default()));
    }

    #[test]
    fn a_key_is_listed_once_and_a_wrong_one_is_named_with_the_remedy() {
        let directory = tempfile::tempdir().unwrap();
        let (key, _) = WitnessKey::open_or_create(directory.path()).unwrap();
        let text = key.public().to_string();
        let listed = read(None, &[&text, &text.to_uppercase()], true, true).unwrap().listed;
        assert_eq!(listed, [key.public()]);
        for wrong in ["", "ks1", &"0".repeat(64), &text[1..]] {
            let error = read(None, &[wrong], true, true).unwrap_err();
            assert!(error.contains("is no key of a witness; write its 64"), "{error}");
        }
        let many: Vec<String> = (0..=MAX_LISTED_WITNESS_KEYS)
            .map(|_| WitnessKey::forgotten().unwrap().public().to_string())
            .collect();
        let error = Witnessing::new(None, &many, true, true).unwrap_err().to_string();
        assert_eq!(error, "33 keys of witnesses are listed; list at most 32");
    }

    #[test]
    fn settings_of_a_ledger_are_refused_on_the_classic_chain() {
        for (witness, keys) in [(Some("on"), &[][..]), (None, &["00"][..])] {
            let error = read(witness, keys, false, true).unwrap_err();
            assert!(error.contains("is for a ledger; add `--chain ledger`"), "{error}");
        }
        assert!(read(Some("maybe"), &[], true, true).unwrap_err().contains("write on or off"));
    }

    #[test]
    fn a_new_key_is_told_with_its_file_and_an_old_one_in_passing() {
        let directory = tempfile::tempdir().unwrap();
        let on = Witnessing { is_on: true, listed: Vec::new() };
        let (key, said) = on.key(Some(directory.path())).unwrap();
        let public = key.unwrap().public();
        assert!(said[0].text.starts_with("A new witness key is in "), "{}", said[0].text);
        assert!(said[0].text.ends_with(&format!("witness.key: others list this node as {public}")));
        let (key, said) = on.key(Some(directory.path())).unwrap();
        assert_eq!(said, [Message::routine(format!("Witness key: {public}"))]);
        assert_eq!(on.config(key.as_ref()).own, Some(public));
        let off = Witnessing::default();
        let elsewhere = tempfile::tempdir().unwrap();
        assert!(off.key(Some(elsewhere.path())).unwrap().0.is_none());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        assert!(on.key(None).unwrap().1[0].text.ends_with(", forgotten at the end"));
    }
}
