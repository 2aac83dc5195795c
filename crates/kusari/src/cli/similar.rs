//! What somebody may have meant by a word that is not understood.

/// The word of `words` that `typed` is most likely a slip of, if it is like one.
pub(crate) fn similar<'a>(
    typed: &str,
    words: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().collect();
    let slips = |word: &str| slips(&typed, &word.chars().collect::<Vec<_>>());
    // A third of a word may be wrong, so that short words are not taken for one another.
    let near = words.into_iter().map(|word| (slips(word), word));
    near.filter(|(slips, word)| *slips <= word.len().div_ceil(3)).min().map(|(_, word)| word)
}

/// The fewest slips of the finger that make one word of the other: a letter left out, put in, or
/// wrong, or two neighbours in the wrong order. `typed` may be long, `word` is one of ours.
fn slips(typed: &[char], word: &[char]) -> usize {
    if typed.len() > 2 * word.len() {
        return typed.len();
    }
    // Slips between the beginnings of both, one row for each letter of what was typed.
    let mut rows: Vec<Vec<usize>> = vec![(0..=word.len()).collect()];
    for (at, letter) in typed.iter().enumerate() {
        let mut row = vec![at + 1];
        for (place, wanted) in word.iter().enumerate() {
            let wrong = rows[at][place] + usize::from(letter != wanted);
            let mut best = wrong.min(rows[at][place + 1] + 1).min(row[place] + 1);
            let swapped =
                at > 0 && place > 0 && *letter == word[place - 1] && typed[at - 1] == *wanted;
            if swapped {
                best = best.min(rows[at - 1][place - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[typed.len()][word.len()]
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
