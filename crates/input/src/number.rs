//! Whole numbers as people write them, and as this program prints them.

use unicode_normalization::UnicodeNormalization;

/// What may part the groups of a number. A point is a fraction to many.
const SEPARATORS: &str = ",_ '’";

/// Why a text is no number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It has other characters.
    #[error("it is no whole number; write digits, as in 7980 or 7,980")]
    Form,
    /// Its digits stand in no groups of three.
    #[error(
        "it could be several numbers; write digits alone, as in 7980, since there are no fractions"
    )]
    Ambiguous,
    /// It is beyond what is counted here.
    #[error("it is too large; at most {0} is possible")]
    TooLarge(u64),
}

/// A whole number: digits, or groups of three of them that one kind of separator parts.
///
/// # Errors
/// [`NumberError`]; what could be a fraction is no number.
pub fn whole_number(text: &str) -> Result<u64, NumberError> {
    // Digits of any width; spaces that do not break are spaces.
    let text: String = text.nfkc().collect();
    let text = text.trim();
    let separator = text.chars().find(|c| !c.is_ascii_digit());
    let is_number_like = |c: char| c.is_ascii_digit() || c == '.' || SEPARATORS.contains(c);
    if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.chars().all(is_number_like) {
        return Err(NumberError::Form);
    }
    if let Some(separator) = separator {
        let mut groups = text.split(separator);
        let first = groups.next().unwrap_or_default();
        let is_group = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
        let is_grouped = (1..=3).contains(&first.len())
            && groups.all(|group| group.len() == 3 && is_group(group));
        if separator == '.' || !is_grouped || first == "0" {
            return Err(NumberError::Ambiguous);
        }
    }
    let digits = text.chars().filter_map(|c| c.to_digit(10));
    let number = digits.map(u64::from).try_fold(0_u64, |number, digit| {
        number.checked_mul(10).and_then(|number| number.checked_add(digit))
    });
    number.ok_or(NumberError::TooLarge(u64::MAX))
}

/// The same where a number of this kind is wanted.
///
/// # Errors
/// As [`whole_number`].
pub fn number<T: TryFrom<u64> + Into<u64> + Copy>(text: &str) -> Result<T, NumberError> {
    let number = whole_number(text)?;
    T::try_from(number).map_err(|_| NumberError::TooLarge(largest::<T>()))
}

/// The largest number of a kind.
fn largest<T: TryFrom<u64> + Into<u64> + Copy>() -> u64 {
    let fits = |bits: u32| T::try_from(u64::MAX >> (64 - bits)).ok().map(Into::into);
    (1..=64).rev().find_map(fits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_group_it() {
        for text in [
            "7980",
            "7,980",
            "7 980",
            "7_980",
            "7'980",
            "7\u{a0}980",
            "7\u{202f}980",
            "７９８０",
            " 7980\n",
        ] {
            assert_eq!(whole_number(text), Ok(7_980), "{text:?}");
        }
        assert_eq!(whole_number("0"), Ok(0));
        assert_eq!(whole_number("007"), Ok(7));
        assert_eq!(whole_number("18,446,744,073,709,551,615"), Ok(u64::MAX));
    }

    #[test]
    fn what_could_be_another_number_is_refused() {
        for text in
            ["1,5", "7.980", "1.5", "79,80", "7,9800", "7,98", "1,000 000", "0,500", "1,", "1,,000"]
        {
            assert_eq!(whole_number(text), Err(NumberError::Ambiguous), "{text:?}");
        }
        for text in ["", " ", "-5", "+5", "five", "5 ks", "0x10", "1e3", ",500", "٣"] {
            assert_eq!(whole_number(text), Err(NumberError::Form), "{text:?}");
        }
        assert_eq!(whole_number("18446744073709551616"), Err(NumberError::TooLarge(u64::MAX)));
        assert_eq!(number::<u32>("4294967295"), Ok(u32::MAX));
        assert_eq!(number::<u32>("4,294,967,296"), Err(NumberError::TooLarge(u32::MAX.into())));
        assert_eq!(number::<u16>("65536"), Err(NumberError::TooLarge(65_535)));
    }
}
