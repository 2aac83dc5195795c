//! Text of strangers, made safe to print.
//!
//! A block's data may hold anything that is UTF-8: an escape sequence that clears the screen, a
//! newline and a faked receipt, marks that turn the reading direction. Whatever came from a peer or
//! out of a block goes to a terminal through [`Plain`].

use core::fmt::{self, Write};
use std::path::Path;

/// Writes a text with every character that a terminal would obey rather than show as `\u{..}`.
pub(crate) struct Plain<'a>(pub(crate) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(misleads) {
            f.write_str(&rest[..at])?;
            let mut tail = rest[at..].chars();
            if let Some(character) = tail.next() {
                write!(f, "\\u{{{:x}}}", u32::from(character))?;
            }
            rest = tail.as_str();
        }
        f.write_str(rest)
    }
}

/// Whether a terminal acts on the character, or shows nothing where it stands.
fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'                      // soft hyphen
            | '\u{34f}'                   // combining grapheme joiner
            | '\u{61c}'                   // Arabic letter mark
            | '\u{115f}' | '\u{1160}'     // Hangul fillers
            | '\u{17b4}' | '\u{17b5}'     // Khmer inherent vowels
            | '\u{180b}'..='\u{180f}'     // Mongolian selectors
            | '\u{200b}'..='\u{200f}'     // zero width, direction marks
            | '\u{2028}'..='\u{202e}'     // line separators, embeddings and overrides
            | '\u{2060}'..='\u{206f}'     // invisible operators, isolates
            | '\u{3164}' | '\u{ffa0}'     // Hangul fillers
            | '\u{feff}'                  // byte order mark
            | '\u{fff9}'..='\u{fffb}'     // annotations
            | '\u{e0000}'..='\u{e0fff}'   // tags
        )
}

/// A path, safe to print.
pub(crate) fn shown(path: &Path) -> String {
    Plain(&path.to_string_lossy()).to_string()
}

/// Writes a number with a comma between each three digits: people compare them at a glance.
pub(crate) fn grouped(number: impl fmt::Display) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 block`, `2 blocks`, `12,345 blocks`.
pub(crate) fn counted(number: u64, one: &str) -> String {
    let mut text = grouped(number);
    let plural = if number == 1 { "" } else { "s" };
    // Writing to a string has no way to fail.
    let _ = write!(text, " {one}{plural}");
    text
}

/// A time in the unit that fits: `119 s`, `2 min`, `2 h`, `2 d`.
pub(crate) fn lasting(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", grouped(seconds / 86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_spelled_out() {
        for (text, printed) in [
            ("hi", "hi"),
            ("", ""),
            ("\u{1b}[2J\u{1b}]0;owned\u{7}", "\\u{1b}[2J\\u{1b}]0;owned\\u{7}"),
            ("one\nSaved as line 7\r", "one\\u{a}Saved as line 7\\u{d}"),
            ("\0\t\u{7f}\u{9b}31m", "\\u{0}\\u{9}\\u{7f}\\u{9b}31m"),
            ("a\u{202e}b\u{2066}c\u{200b}d\u{feff}", "a\\u{202e}b\\u{2066}c\\u{200b}d\\u{feff}"),
            ("\u{e0041}\u{ad}", "\\u{e0041}\\u{ad}"),
            ("grüße, 世界 \\ \"", "grüße, 世界 \\ \""),
        ] {
            assert_eq!(Plain(text).to_string(), printed);
        }
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (809_042_944, "809,042,944")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "block"), "1 block");
        assert_eq!(counted(12_345, "block"), "12,345 blocks");
    }
}
