//! What a person may have meant by a word that is not understood.

use strsim::osa_distance;

/// The word of `words` that `typed` is most likely a slip of, if it is like one.
pub(crate) fn similar<'a>(
    typed: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // What is longer is no slip, and may be very long.
    let words = words.into_iter().filter(|word| typed.len() <= 4 * word.len());
    let near = words.map(|word| (osa_distance(typed, word), word));
    // A third of a word may be wrong, so that short words are not taken for one another.
    near.filter(|(slips, word)| *slips <= word.len().div_ceil(3)).min().map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 6] = ["say", "status", "peers", "chain", "import", "completions"];

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        for (typed, meant) in [
            ("sya", Some("say")),
            ("sa", Some("say")),
            ("stauts", Some("status")),
            ("state", Some("status")),
            ("peer", Some("peers")),
            ("chian", Some("chain")),
            ("imprt", Some("import")),
            ("completion", Some("completions")),
            ("seven", None),
            ("http", None),
            ("localhost", None),
            ("", None),
            ("x", None),
            ("grüße", None),
        ] {
            assert_eq!(similar(typed, WORDS), meant, "{typed}");
        }
        assert_eq!(similar(&"s".repeat(1_000_000), WORDS), None);
    }
}
