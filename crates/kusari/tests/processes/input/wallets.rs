//! Words and passphrases, in the forms in which people keep them.

use super::*;

const WORDS: &str = "void come effort suffer camp survey warrior heavy shoot primary clutch crush \
                     open amazing screen patrol group space point ten exist slush involve unfold";
/// What the words give by BIP-39 and SLIP-0010, computed by other means.
const ADDRESS: &str = "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3";

#[test]
fn words_restore_a_wallet_however_they_are_kept() {
    let place = Place::new();
    place.file("none", b"");
    let list: Vec<&str> = WORDS.split(' ').collect();
    let numbered: Vec<String> =
        list.iter().enumerate().map(|(at, word)| format!("{:>2}. {word}", at + 1)).collect();
    let cut: Vec<String> = list.iter().map(|word| word.chars().take(4).collect()).collect();
    let wide: String = WORDS
        .chars()
        .map(|c| match c {
            ' ' => '\u{3000}',
            _ => char::from_u32(u32::from(c) - u32::from('a') + u32::from('ａ')).unwrap(),
        })
        .collect();
    let kept: Vec<Vec<u8>> = vec![
        WORDS.to_owned().into_bytes(),
        format!("\u{feff}{WORDS}\r\n").into_bytes(),
        utf_16(WORDS),
        numbered.join("\r\n").into_bytes(),
        list.join(", ").to_uppercase().into_bytes(),
        cut.join("\n").into_bytes(),
        wide.into_bytes(),
    ];
    for (number, words) in kept.iter().enumerate() {
        let import = format!("wallet import w{number} --passphrase-file none --data-dir data");
        let (code, out, err) = place.run(&import, words);
        let first = format!("Made the wallet w{number}\nAddress: {ADDRESS}\n");
        assert!(code == 0 && out.starts_with(&first), "{number}: {out}{err}");
        let address = place.printed(&format!("wallet address w{number} --data-dir data"));
        assert_eq!(address, format!("{ADDRESS}\n"));
    }
    let import = "wallet import bad --passphrase-file none --data-dir data";
    let short = cut.join(" ").replace("void", "voi");
    place.check(&[
        (
            import,
            short.as_bytes(),
            1,
            "error: the words from stdin restore no wallet: word 1 of 24 is cut off…",
        ),
        (import, b"\xff", 1, "error: the words from stdin restore no wallet: it is no text …"),
    ]);
}

#[test]
fn a_passphrase_opens_its_wallet_in_any_form_and_from_any_editor() {
    let place = Place::new();
    place.file("made", "caf\u{e9} ｱ\n".as_bytes());
    place.printed("wallet new --passphrase-file made --words-file words --data-dir data");
    let words = fs::read_to_string(place.path("words")).unwrap();
    let first = words.trim_end();
    let export = |name: &str| format!("wallet export --passphrase-file {name} --data-dir data");
    for (name, content) in [
        ("same", "caf\u{e9} ｱ".as_bytes().to_vec()),
        ("apart", "cafe\u{301} ア\r\n".as_bytes().to_vec()),
        ("marked", "\u{feff}caf\u{e9} ｱ\n".as_bytes().to_vec()),
        ("wide", utf_16("caf\u{e9} ｱ\r\n")),
    ] {
        place.file(name, &content);
        place.check(&[(&export(name), b"", 0, first)]);
    }
    place.file("other", b"cafe");
    place.file("binary", b"\x80secret");
    place.file("two", b"one\ntwo\n");
    place.check(&[
        (
            &export("other"),
            b"",
            1,
            "error: the wallet …default.json does not open: the passphrase is wrong, …",
        ),
        (
            &export("binary"),
            b"",
            1,
            "error: binary is no text (its byte 1 is not UTF-8); save it as UTF-8 …",
        ),
        (&export("two"), b"", 1, "error: two is not one line of at most 1024 bytes; …"),
        (&export("none"), b"", 1, "error: none cannot be read (…"),
    ]);
}

#[test]
fn a_label_is_found_in_any_form() {
    let place = Place::new();
    let label = |words: &str| format!("wallet label {words} --data-dir data");
    place.check(&[
        (
            &label(&format!("{ADDRESS} \" Rene\u{301} \"")),
            b"",
            0,
            &format!("{ADDRESS} is called Ren\u{e9}"),
        ),
        (&label(""), b"", 0, &format!("{ADDRESS}  Ren\u{e9}")),
        (&label("--remove Ren\u{e9}"), b"", 0, &format!("{ADDRESS} is no longer called Ren\u{e9}")),
    ]);
}
