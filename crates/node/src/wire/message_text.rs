//! A message in a file: its canonical line, without the newline.
//!
//! Owns nothing of the form, which is the one of the wire; so what is read back is what was
//! received.

use kusari_chain::CheckedBlock;
use serde::{Deserializer, Serializer, de, ser};

use super::{AsBlock, CompactBlock, Dialect, Message, encode};
use crate::prelude::*;

impl<B: AsBlock> Serialize for Message<B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let line = encode(self);
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        serializer.serialize_str(core::str::from_utf8(line).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Message<CheckedBlock> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = String::deserialize(deserializer)?;
        Dialect::Written.receive(line.as_bytes()).map_err(de::Error::custom)
    }
}

/// A block without its body in a file: the line that carries it.
impl Serialize for CompactBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message: Message<CheckedBlock> = Message::Compact(Box::new(self.clone()));
        message.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CompactBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Message::deserialize(deserializer)? {
            Message::Compact(compact) => Ok(*compact),
            _ => Err(de::Error::custom("it is no COMPACT line")),
        }
    }
}
