//! How bytes are written in a suite: as text where they are text, and long ones in short.
//!
//! A string stands for its UTF-8, `{"hex":"ff"}` for these bytes, `{"repeat":B,"times":n}` for B so
//! many times, and a list for its parts one after another.

use kusari_chain::hex;
use serde::Deserialize;

use super::suites::InputError;

/// Most bytes that one input may stand for: two of the longest lines.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Bytes in the notation of the suites.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "bytes are a string, {\"hex\"}, {\"repeat\",\"times\"} or a list"
)]
pub(super) enum Bytes {
    Text(String),
    Hex { hex: String },
    Repeat { repeat: Box<Bytes>, times: usize },
    Joined(Vec<Self>),
}

impl Bytes {
    /// The bytes that this stands for.
    pub(super) fn expand(&self) -> Result<Vec<u8>, InputError> {
        let bytes = match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Hex { hex } => hex::decode(hex).ok_or_else(not_hex)?,
            Self::Repeat { repeat, times } => {
                let part = repeat.expand()?;
                if part.len().saturating_mul(*times) > MAX_BYTES {
                    return Err(too_long());
                }
                if part.is_empty() { part } else { part.repeat(*times) }
            }
            Self::Joined(parts) => {
                let mut joined = Vec::new();
                for part in parts {
                    joined.extend(part.expand()?);
                    if joined.len() > MAX_BYTES {
                        return Err(too_long());
                    }
                }
                joined
            }
        };
        Ok(bytes)
    }

    /// The text that this stands for.
    pub(super) fn expand_text(&self) -> Result<String, InputError> {
        String::from_utf8(self.expand()?).map_err(|_| InputError::new("the bytes are not UTF-8"))
    }
}

fn too_long() -> InputError {
    InputError(format!("it stands for more than {MAX_BYTES} bytes"))
}

fn not_hex() -> InputError {
    InputError::new("`hex` is an even number of hexadecimal digits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn expand(value: serde_json::Value) -> Result<Vec<u8>, String> {
        let bytes: Bytes = serde_json::from_value(value).map_err(|error| error.to_string())?;
        bytes.expand().map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_stands_for_its_bytes() {
        assert_eq!(expand(json!("é\n")), Ok("é\n".into()));
        assert_eq!(expand(json!({"hex": "00fF"})), Ok(vec![0, 255]));
        assert_eq!(expand(json!({"repeat": "ab", "times": 3})), Ok(b"ababab".to_vec()));
        assert_eq!(
            expand(json!(["<", {"repeat": ["x", {"hex": "2d"}], "times": 2}, ">"])),
            Ok(b"<x-x->".to_vec())
        );
    }

    #[test]
    fn what_is_no_notation_is_refused() {
        for wrong in [
            json!(1),
            json!({"hex": "0"}),
            json!({"hex": "é"}),
            json!({"hex": "+1"}),
            json!({"repeat": "x"}),
            json!({"repeat": "x", "times": -1}),
            json!({"hex": "00", "times": 2}),
        ] {
            assert!(expand(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_short_notation_cannot_fill_the_memory() {
        let full = json!({"repeat": "x", "times": MAX_BYTES});
        assert_eq!(expand(full.clone()).map(|bytes| bytes.len()), Ok(MAX_BYTES));
        let beyond = [
            json!({"repeat": "x", "times": MAX_BYTES + 1}),
            json!({"repeat": {"repeat": "x", "times": 1 << 20}, "times": 1 << 20}),
            json!({"repeat": "xx", "times": usize::MAX}),
            json!([full, "x"]),
        ];
        for notation in beyond {
            assert!(expand(notation).is_err());
        }
        assert_eq!(expand(json!({"repeat": "", "times": usize::MAX})), Ok(vec![]));
    }
}
