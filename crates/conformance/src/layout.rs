//! The one form in which suites are written: JSON, two spaces a level, keys in a fixed order.
//!
//! What is written for one value is always the same bytes, so a rewritten file differs from the one
//! before only where a value does.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// Keys that come first, in this order. All others follow by their names.
const FIRST_KEYS: [&str; 37] = [
    "suite",
    "name",
    "about",
    "source",
    "cases",
    "input",
    "expected",
    "answers",
    "closes",
    "lines",
    "length",
    "block",
    "result",
    "verb",
    "fields",
    "agent",
    "protocol",
    "chain",
    "preimage",
    "index",
    "tip",
    "height",
    "work",
    "listen",
    "id",
    "timestamp",
    "nonce",
    "data",
    "prev_hash",
    "hash",
    "transactions",
    "sender",
    "receiver",
    "amount",
    "meets_target",
    "verdict",
    "blocks",
];

/// A value as text, with a newline at the end.
pub(super) fn pretty(value: &Value) -> String {
    // Serialising a value into memory has no way to fail.
    let mut text = serde_json::to_string_pretty(&Ordered(value)).unwrap_or_default();
    text.push('\n');
    text
}

struct Ordered<'a>(&'a Value);

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(&Ordered(item))?;
                }
                list.end()
            }
            Value::Object(object) => {
                let mut entries: Vec<_> = object.iter().collect();
                entries.sort_by_key(|(key, _)| (rank(key), *key));
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, item) in entries {
                    map.serialize_entry(key, &Ordered(item))?;
                }
                map.end()
            }
            plain => plain.serialize(serializer),
        }
    }
}

fn rank(key: &str) -> usize {
    FIRST_KEYS.iter().position(|first| *first == key).unwrap_or(FIRST_KEYS.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_that_are_known_come_first_and_the_rest_by_name() {
        let value = json!({"b": [], "a": {"hash": 1, "index": 2}, "name": [1, "x"]});
        assert_eq!(
            pretty(&value),
            "{\n  \"name\": [\n    1,\n    \"x\"\n  ],\n  \"a\": {\n    \"index\": 2,\n    \
             \"hash\": 1\n  },\n  \"b\": []\n}\n"
        );
    }
}
