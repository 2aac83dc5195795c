//! What people write, brought into one form before anything else looks at it.
//!
//! Owns what is overlooked: the mark at the beginning of a file, UTF-16, the ends of lines, the forms of
//! Unicode, numbers between words, the groups of a number, `~`. What a text means is up to the caller, and
//! what is recorded is never changed beyond [`decode`] and [`unix_lines`].
//!
//! ```
//! use kusari_input::{decode, whole_number, words};
//!
//! assert_eq!(*decode(b"\xef\xbb\xbfhi")?, "hi");
//! assert_eq!(*words("1. Void, 2. come"), "void come");
//! assert_eq!(whole_number("7,980")?, 7_980);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod forms;
mod number;
mod path;
mod stream;

pub use self::decode::{
    BYTE_ORDER_MARK, NotText, decode, is_blank, unix_lines, utf_8, without_last_newline,
};
pub use self::forms::{digits, first_word, nfc, nfkd, same_to_the_eye, word, words};
pub use self::number::{NumberError, number, whole_number};
pub use self::path::at_home;
pub use self::stream::Decoded;
