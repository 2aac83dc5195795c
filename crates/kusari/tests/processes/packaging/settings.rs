//! The configuration file that the package brings: `deploy/kusari.toml`.

use super::program::{CONFIG_FILE, DATA_DIRECTORY, assert_understood_with, run};
use super::tools::read;

const WORDS: [&str; 2] = ["--config", CONFIG_FILE];

/// Settings that only a ledger has, and the one that chooses a ledger.
const OF_A_LEDGER: [&str; 5] = ["mine", "offline", "passphrase-file", "witness", "witness-key"];
const A_LEDGER: &str = "chain = \"ledger\"";

fn text() -> String {
    read("deploy/kusari.toml")
}

/// The setting that a commented line would make, as in `# max-peers = 64`.
fn offered(line: &str) -> Option<&str> {
    let setting = line.strip_prefix("# ")?;
    let (name, _) = setting.split_once(" = ")?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-').then_some(setting)
}

#[test]
fn the_file_is_right_as_it_comes() {
    assert_understood_with(&WORDS, &text());
}

#[test]
fn every_setting_it_offers_is_right() {
    let text = text();
    let offered: Vec<&str> = text.lines().filter_map(offered).collect();
    assert!(offered.len() >= 4, "only {offered:?} is offered");
    let choose = |text: &str, setting: &str| {
        let chosen = text.replace(&format!("# {setting}\n"), &format!("{setting}\n"));
        assert_ne!(chosen, text);
        chosen
    };
    for setting in &offered {
        let mut chosen = choose(&text, setting);
        if OF_A_LEDGER.iter().any(|name| setting.starts_with(&format!("{name} = "))) {
            chosen = choose(&chosen, A_LEDGER);
        }
        assert_understood_with(&WORDS, &chosen);
    }
}

#[test]
fn it_speaks_of_every_setting_of_a_service() {
    // A name that is none makes the program list those that are.
    let wrong = format!("no-setting = '{DATA_DIRECTORY}'\n");
    let (_, error) = run(&WORDS, &wrong);
    let (_, listed) = error.split_once("expected one of").unwrap();
    let mut settings: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    settings.retain(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'));
    assert!(settings.contains(&"max-peers"), "{error}");
    // A service that forgets all is no service.
    settings.retain(|name| *name != "ephemeral");
    let text = text();
    let said: Vec<&str> = text.lines().map(|line| offered(line).unwrap_or(line)).collect();
    let missing = |name: &&str| !said.iter().any(|line| line.starts_with(&format!("{name} = ")));
    let missing: Vec<&str> = settings.into_iter().filter(missing).collect();
    assert_eq!(missing, [""; 0], "deploy/kusari.toml says nothing of these");
}

#[test]
fn a_new_service_is_reached_from_this_machine_alone() {
    assert!(text().contains("\nlisten = \"127.0.0.1:8080\"\n"));
}
