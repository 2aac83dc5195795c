//! Phrases against the vectors of their standards.

use super::*;

/// BIP-39's published vectors of 24 words (github.com/trezor/python-mnemonic, vectors.json): entropy,
/// words, and the seed with the passphrase `TREZOR`.
const BIP_39: [(&str, &str, &str); 2] = [
    (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon art",
        "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd3097170af7a4d73245cafa9c3cca8d56\
         1a7c3de6f5d4a10be8ed2a5e608d68f92fcc8",
    ),
    (
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing \
         screen patrol group space point ten exist slush involve unfold",
        "01f5bced59dec48e362f2c45b5de68b9fd6c92c6634f44d6d40aab69056506f0e35524a518034ddc1192e1dacd3\
         2c1ed3eaa3c3b131c88ed8e7e54c49a5d0998",
    ),
];

/// SLIP-0010's published vectors for ed25519, chain m: seed, private key, public key.
const SLIP_0010: [(&str, &str, &str); 2] = [
    (
        "000102030405060708090a0b0c0d0e0f",
        "2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7",
        "a4b2856bfec510abab89753fac1ac0e1112364e7d250545963f135f2a33188ed",
    ),
    (
        "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7\
         875726f6c696663605d5a5754514e4b484542",
        "171cb88b1b3c1db25add599712e36245d75bc65a1a5c9e18d76f9f2b1eab4012",
        "8fe9693f8fa62a4305a140b9764c5ee01e455963744fe18204b4fb948249308a",
    ),
];

fn public(secret: [u8; 32]) -> String {
    let key = ed25519_zebra::VerificationKeyBytes::from(&SigningKey::from(secret));
    kusari_chain::hex::encode(&<[u8; 32]>::from(key))
}

#[test]
fn the_vectors_of_bip_39_hold() {
    for (entropy, words, seed) in BIP_39 {
        let phrase = Phrase::parse(words.as_bytes()).unwrap();
        assert_eq!(kusari_chain::hex::encode(&*phrase.0), entropy);
        assert_eq!(*phrase.words(), words);
        assert_eq!(kusari_chain::hex::encode(&*phrase.seed("TREZOR")), seed);
    }
}

#[test]
fn the_vectors_of_slip_0010_hold() {
    for (seed, private, expected) in SLIP_0010 {
        let key = master_key(&kusari_chain::hex::decode(seed).unwrap());
        assert_eq!(kusari_chain::hex::encode(&*key), private);
        assert_eq!(public(*key), expected);
    }
}

/// Computed by other means: Python's hashlib, hmac and cryptography.
#[test]
fn words_alone_give_the_key() {
    for ((_, words, _), expected) in BIP_39.into_iter().zip([
        "7afa7190d9f5daeaa45d9650ed3ce7c0973bb0e35f7361bf858389a8cf1c3f3c",
        "7193c4715edb8c16ea579da9d4516bb0107b32940ff25bb71bbb45d274019137",
    ]) {
        let key = Phrase::parse(words.as_bytes()).unwrap().signing_key();
        let public = ed25519_zebra::VerificationKeyBytes::from(&*key);
        assert_eq!(kusari_chain::hex::encode(&<[u8; 32]>::from(public)), expected);
    }
}

#[test]
fn words_are_read_in_any_case_and_however_they_are_parted() {
    let words = BIP_39[1].1;
    let shouted = words.to_uppercase().replace(' ', "\r\n\t ");
    let phrase = Phrase::parse(format!("\n  {shouted}\n").as_bytes()).unwrap();
    assert_eq!(*phrase.words(), words);
}

#[test]
fn words_are_read_as_people_keep_them() {
    let words = BIP_39[1].1;
    let list: Vec<&str> = words.split(' ').collect();
    let numbered: Vec<String> =
        list.iter().enumerate().map(|(at, word)| format!("{}. {word}", at + 1)).collect();
    let cut: Vec<&str> = list.iter().map(|word| &word[..word.len().min(4)]).collect();
    let in_utf_16 = format!("\u{feff}{words}\r\n");
    for text in [
        format!("\u{feff}{words}\r\n").into_bytes(),
        in_utf_16.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        numbered.join("\n").into_bytes(),
        list.join(", ").into_bytes(),
        cut.join(" ").into_bytes(),
    ] {
        let phrase = Phrase::parse(&text).unwrap();
        assert_eq!(*phrase.words(), words, "{}", String::from_utf8_lossy(&text));
    }
    // `abs` begins absent, absorb, abstract and absurd; three letters are a word where they are one.
    for (cut, error) in [("abs", PhraseError::CutOff(1)), ("voi", PhraseError::CutOff(1))] {
        let text = words.replacen("void", cut, 1);
        assert_eq!(Phrase::parse(text.as_bytes()).unwrap_err(), error);
    }
}

#[test]
fn a_wrong_word_is_named_by_its_place_and_never_shown() {
    let words: Vec<&str> = BIP_39[1].1.split(' ').collect();
    for place in 0..24 {
        let mut wrong = words.clone();
        wrong[place] = "hunter2";
        let error = Phrase::parse(wrong.join(" ").as_bytes()).unwrap_err();
        assert_eq!(error, PhraseError::Word(place + 1));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let mut swapped = words.clone();
    swapped.swap(0, 1);
    assert_eq!(Phrase::parse(swapped.join(" ").as_bytes()).unwrap_err(), PhraseError::Checksum);
    for count in [0, 1, 12, 23] {
        let error = Phrase::parse(words[..count].join(" ").as_bytes()).unwrap_err();
        assert_eq!(error, PhraseError::Count(count));
    }
    let more = format!("{} art", words.join(" "));
    assert_eq!(Phrase::parse(more.as_bytes()).unwrap_err(), PhraseError::Count(25));
    assert_eq!(Phrase::parse(b"\xff").unwrap_err(), PhraseError::Text);
    assert_eq!(Phrase::parse(&[b' '; MAX_PHRASE_BYTES + 1]).unwrap_err(), PhraseError::Text);
}

#[test]
fn drawn_phrases_differ_and_are_read_again() {
    let (one, other) = (Phrase::random().unwrap(), Phrase::random().unwrap());
    assert_ne!(*one.0, *other.0);
    assert_eq!(*Phrase::parse(one.words().as_bytes()).unwrap().0, *one.0);
}
