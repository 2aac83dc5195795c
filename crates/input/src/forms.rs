//! Words and texts that look the same and are other bytes.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{unix_lines, without_last_newline};

/// How many times longer NFKD makes a character at most, in UTF-8: U+FDFA.
const NFKD_GROWTH: usize = 11;

/// A secret as BIP-39 says: NFKD. It is overwritten when it is dropped.
#[must_use]
pub fn nfkd(text: &str) -> Zeroizing<String> {
    let growth = if text.is_ascii() { 1 } else { NFKD_GROWTH };
    // Growing would leave copies behind.
    let mut found = Zeroizing::new(String::with_capacity(text.len() * growth));
    found.extend(text.nfkd());
    found
}

/// A text as most keyboards make it: NFC.
#[must_use]
pub fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// A word that means the same in any of its forms, as an address, a hash or a name does: without white space
/// around it, and its letters and digits as plain as they come.
#[must_use]
pub fn word(text: &str) -> String {
    text.nfkc().collect::<String>().trim().to_owned()
}

/// The digits of a hash, or of its beginning as programs show it: with `…` behind it.
#[must_use]
pub fn digits(text: &str) -> String {
    word(text).trim_end_matches('.').to_owned()
}

/// The first word of a text, and what follows it without white space around it.
#[must_use]
pub fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()))
}

/// The words of a list, in lower case and each parted from the next by a space: what stands around them is
/// left out, as numbers, commas and quotation marks are. It is overwritten when it is dropped.
#[must_use]
pub fn words(text: &str) -> Zeroizing<String> {
    let text = nfkd(text);
    let mut found = Zeroizing::new(String::with_capacity(text.len() + 1));
    let parts = |c: char| c.is_whitespace() || ",;、".contains(c);
    for word in text.split(parts) {
        let word = word.trim_matches(|c: char| !c.is_alphabetic());
        if word.is_empty() {
            continue;
        }
        if !found.is_empty() {
            found.push(' ');
        }
        found.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    found
}

/// Texts that a person can't tell from this one, which is the first: other forms of Unicode, other ends of
/// lines, with the newline that a file ends with and without.
#[must_use]
pub fn same_to_the_eye(text: &str) -> Vec<String> {
    let mut found = vec![text.to_owned()];
    let lines = unix_lines(text);
    for form in [lines.clone(), nfc(&lines), lines.nfd().collect()] {
        let bare = without_last_newline(&form);
        for other in [&form, bare, &format!("{bare}\n"), &bare.replace('\n', "\r\n")] {
            if !other.is_empty() && !found.iter().any(|known| known == other) {
                found.push((*other).to_owned());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_whatever_stands_around_them() {
        for text in [
            "void come effort",
            " VOID\r\n\tcome \u{3000} effort\n",
            "1. void 2. come 3. effort",
            "1) Void, 2) come; 03: effort.",
            "“void” 'come' ・effort",
            "ｖｏｉｄ、come、effort",
            "1.void 2.come 3.effort",
        ] {
            assert_eq!(*words(text), "void come effort", "{text:?}");
        }
        // What stands in the midst of a word is a slip, and a part of it.
        assert_eq!(*words("vo1d co-me"), "vo1d co-me");
        assert_eq!(*words("1. 2. 3."), "");
    }

    #[test]
    fn a_passphrase_has_one_form_and_room_for_it_from_the_start() {
        for (one, other) in
            [("\u{e9}", "e\u{301}"), ("ｱ", "ア"), ("\u{fdfa}", "صلى الله عليه وسلم")]
        {
            assert_eq!(*nfkd(one), *nfkd(other));
        }
        let long = "\u{fdfa}".repeat(100);
        let found = nfkd(&long);
        assert!(found.len() <= long.len() * NFKD_GROWTH && found.capacity() < 40 * long.len());
    }

    #[test]
    fn texts_that_look_the_same_are_found_and_others_are_not() {
        let found = same_to_the_eye("caf\u{e9}");
        for same in ["caf\u{e9}", "cafe\u{301}", "cafe\u{301}\n", "caf\u{e9}\n"] {
            assert!(found.iter().any(|one| one == same), "{same:?}: {found:?}");
        }
        assert_eq!(found[0], "caf\u{e9}");
        assert!(!found.iter().any(|one| one == "cafe"));
        assert!(same_to_the_eye("a\r\nb\r\n").iter().any(|one| one == "a\nb"));
        assert!(same_to_the_eye("a\nb").iter().any(|one| one == "a\r\nb"));
        assert_eq!(same_to_the_eye("hi"), ["hi", "hi\n"]);
    }

    #[test]
    fn a_word_is_itself_in_any_width() {
        assert_eq!(word(" ｋｓ１ａ\u{3000}"), "ks1a");
        assert_eq!(word("cafe\u{301}\n"), "caf\u{e9}");
        assert_eq!([digits(" 00003812…"), digits("00003812...")], ["00003812"; 2]);
        assert_eq!(first_word("  a  b c "), ("a", "b c"));
        assert_eq!([first_word("a"), first_word("")], [("a", ""), ("", "")]);
    }
}
