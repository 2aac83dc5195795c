//! Wallets, labels and chain specs, as scripts use them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::support::Setup;
use super::support::command::{kusari, kusari_with, on, on_with};

const WORDS: &str = "void come effort suffer camp survey warrior heavy shoot primary clutch crush \
                     open amazing screen patrol group space point ten exist slush involve unfold";
/// What the words give by BIP-39 and SLIP-0010, computed by other means.
const ADDRESS: &str = "ks1wxfugu27mwxpd6jhnk5ag5ttkqg8kv55ple9hdcmhdzayaqpjyms4u2fh3";
const OTHER: &str = "ks10ta8ryxe7hdw4fzajegw6088cztnhv8rtaekr0u9swy63ncu8u7qc72ce5";

/// A place for files, a data directory that is not there yet, and a file with a passphrase.
fn place(passphrase: &str) -> (Setup, PathBuf, String) {
    let home = Setup::bare("wallet");
    let file = home.home().join("passphrase");
    fs::write(&file, format!("{passphrase}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let data = home.home().join("data");
    (home, data, format!("--passphrase-file {}", file.display()))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_wallet_is_restored_from_the_words_that_were_shown() {
    let (_home, data, passphrase) = place("secret");
    let printed = on(&data, &format!("wallet new {passphrase}")).printed();
    assert!(printed.contains("A passphrase protects it") && !printed.contains("secret"));
    let words: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(words.len(), 4, "{printed}");
    let exported = on(&data, &format!("wallet export {passphrase}")).printed();
    assert_eq!(exported.trim_end(), words.join(" "));
    let import = format!("wallet import again {passphrase}");
    on_with(&data, &import, words.join("\n").as_bytes()).printed();
    let address = |name: &str| on(&data, &format!("wallet address {name}")).printed();
    assert_eq!(address("again"), address("default"));
    for (path, expected) in [("", 0o700), ("wallet", 0o700), ("wallet/again.json", 0o600)] {
        assert_eq!(mode(&data.join(path)), expected, "{path}");
    }
}

#[test]
fn words_lead_to_the_same_address_everywhere_and_a_wrong_one_is_named_by_its_place() {
    let (home, data, passphrase) = place("");
    let import = |name: &str, words: &str| {
        on_with(&data, &format!("wallet import {name} {passphrase}"), words.as_bytes())
    };
    let printed = import("mine", WORDS).printed();
    assert!(printed.contains(&format!("Address: {ADDRESS}\n")), "{printed}");
    assert!(printed.contains("No passphrase protects it: whoever can read the file"), "{printed}");
    let error = import("bad", &WORDS.replace("camp", "kamp")).refused(1);
    assert!(
        error.contains("word 5 of 24 is not in the list") && !error.contains("kamp"),
        "{error}"
    );
    let error = import("bad", &WORDS.replace("void come", "come void")).refused(1);
    assert!(error.contains("do not belong together"), "{error}");
    let error = import("bad", "").refused(1);
    assert!(error.contains("there are 0 words and a phrase has 24"), "{error}");
    let error = import("mine", WORDS).refused(1);
    assert!(error.contains("mine.json already; choose another name"), "{error}");
    // A wallet that needs no passphrase is opened without one.
    let file = home.home().join("words");
    on(&data, &format!("wallet export mine -o {}", file.display())).printed();
    assert_eq!((fs::read_to_string(&file).unwrap(), mode(&file)), (format!("{WORDS}\n"), 0o600));
    let json: serde_json::Value =
        serde_json::from_str(&on(&data, "wallet list --json").printed()).unwrap();
    let expected = serde_json::json!([{ "name": "mine", "address": ADDRESS, "protected": false }]);
    assert_eq!(json, expected);
}

#[test]
fn nobody_is_asked_where_nobody_sits_and_a_wrong_passphrase_opens_nothing() {
    let (home, data, passphrase) = place("secret");
    let error = on(&data, "wallet new").refused(1);
    assert!(error.contains("there is no terminal to ask at; give --passphrase-file"), "{error}");
    assert!(!data.exists());
    let words = home.home().join("words");
    let new = format!("wallet new {passphrase} --words-file {}", words.display());
    assert!(on(&data, &new).printed().contains("The 24 words that restore it are in "));
    assert_eq!(mode(&words), 0o600);
    // Where the words cannot be kept, no wallet is made.
    on(&data, &new.replace("new", "new second")).refused(1);
    assert_eq!(fs::read_dir(data.join("wallet")).unwrap().count(), 1);
    on(&data, "wallet export").refused(1);
    let (_other, _, wrong) = place("wrong");
    let error = on(&data, &format!("wallet export {wrong}")).refused(1);
    assert!(error.contains("the passphrase is wrong, or the file was changed"), "{error}");
    fs::set_permissions(data.join("wallet/default.json"), fs::Permissions::from_mode(0o644))
        .unwrap();
    let error = on(&data, "wallet address").refused(1);
    assert!(error.contains("is open to every user of this machine; `chmod 600` it"), "{error}");
    assert!(on(&data, "wallet list").printed().contains("default  the wallet "));
}

#[test]
fn labels_are_kept_and_a_mistyped_address_gets_none() {
    let (_home, data, _) = place("");
    on(&data, &format!("wallet label {ADDRESS} alice")).printed();
    let error = on(&data, &format!("wallet label {OTHER} alice")).refused(1);
    assert!(error.contains(&format!("the label \"alice\" is of {ADDRESS} already")), "{error}");
    let error =
        on(&data, &format!("wallet label {} bob", ADDRESS.replace("wxf", "xwf"))).refused(2);
    assert!(error.contains("copy it again, a character may be wrong"), "{error}");
    assert_eq!(on(&data, "wallet label").printed(), format!("{ADDRESS}  alice\n"));
    let json = on(&data, "wallet label --json").printed();
    assert_eq!(json, format!("[{{\"label\":\"alice\",\"address\":\"{ADDRESS}\"}}]\n"));
    on(&data, "wallet label --remove alice").printed();
    on(&data, "wallet label --remove alice").refused(1);
    assert_eq!(on(&data, "wallet label").printed(), "");
}

#[test]
fn a_chain_spec_is_written_once_and_read_to_the_same_id() {
    let home = Setup::bare("spec");
    let file = home.home().join("club.toml");
    let new = format!("chain-spec new --name club --max-body-bytes 2048 -o {}", file.display());
    let printed = kusari(&new).printed();
    let id = printed.lines().find_map(|line| line.strip_prefix("Id: ")).unwrap();
    assert_eq!(kusari(&format!("chain-spec id {}", file.display())).printed(), format!("{id}\n"));
    let shown = kusari(&format!("chain-spec show --json {}", file.display())).printed();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["id"], &shown["max_data_bytes"]), (&id.into(), &1_792.into()));
    assert!(kusari(&new).refused(1).contains("is there already; name another file"));
    // On stdout there is the file alone.
    let ran = kusari_with("chain-spec new --name club", b"");
    assert!(ran.out.starts_with("# A chain of kusari.") && ran.out.ends_with("min_fee = 0\n"));
    assert!(ran.err.starts_with("Id: ") && !ran.err.contains(id), "{ran:?}");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("reward =", "rewrad =")).unwrap();
    let error = kusari(&format!("chain-spec id {}", file.display())).refused(1);
    assert!(error.contains("unknown field `rewrad`, expected one of `name`"), "{error}");
    for wrong in ["show classic", "new --name x --block-time 0", "new --name classic"] {
        kusari(&format!("chain-spec {wrong}")).refused(2);
    }
}
