//! The Debian package: `[package.metadata.deb]` and what it takes its files from.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::program::CONFIG_FILE;
use super::tools::{assert_success, manifest, read, root};

/// Where cargo-deb looks for what was built, whatever the real target directory is.
const BUILT: &str = "target/release/";

fn metadata() -> toml::Table {
    let package = manifest("crates/kusari/Cargo.toml");
    package["package"]["metadata"]["deb"].as_table().unwrap().clone()
}

struct Asset {
    source: String,
    target: String,
    mode: String,
}

impl Asset {
    /// The path of the installed file.
    fn installed(&self) -> String {
        let file = Path::new(&self.source).file_name().unwrap().to_str().unwrap();
        let whole = if self.target.ends_with('/') { file } else { "" };
        format!("/{}{whole}", self.target)
    }
}

fn assets() -> Vec<Asset> {
    let metadata = metadata();
    let asset = |asset: &toml::Value| {
        let text = |at: usize| asset[at].as_str().unwrap().to_owned();
        Asset { source: text(0), target: text(1), mode: text(2) }
    };
    metadata["assets"].as_array().unwrap().iter().map(asset).collect()
}

#[test]
fn the_package_brings_all_that_people_look_for() {
    let installed: Vec<String> = assets().iter().map(Asset::installed).collect();
    let expected = [
        "/usr/bin/kusari",
        "/usr/share/man/man1/*.1.gz",
        "/usr/share/bash-completion/completions/kusari",
        "/usr/share/zsh/vendor-completions/_kusari",
        "/usr/share/fish/vendor_completions.d/kusari.fish",
        CONFIG_FILE,
    ];
    for path in expected {
        assert!(installed.iter().any(|found| found == path), "{path} is not in {installed:?}");
    }
}

#[test]
fn every_file_of_the_package_exists_or_is_made_by_the_script() {
    let script = read("deploy/build-deb.sh");
    let packaged = root().join("crates/kusari");
    for Asset { source, mode, .. } in assets() {
        let executable = source == format!("{BUILT}kusari");
        assert_eq!(mode, if executable { "755" } else { "644" }, "{source}");
        if executable {
            continue;
        }
        let Some(made) = source.strip_prefix(BUILT) else {
            assert!(packaged.join(&source).is_file(), "{source} does not exist");
            continue;
        };
        let made = made.strip_prefix("packaging/").unwrap();
        let line = match made {
            "man/*.1.gz" => "\"$kusari\" man --directory \"$generated/man\"".to_owned(),
            other => format!(">\"$generated/{other}\""),
        };
        assert!(script.contains(&line), "deploy/build-deb.sh makes no {made}");
    }
}

#[test]
fn the_program_writes_the_manual_and_the_completions_as_the_script_asks() {
    let here = TempDir::new().unwrap();
    let script = read("deploy/build-deb.sh");
    let lines: Vec<&str> =
        script.lines().filter_map(|line| line.strip_prefix("\"$kusari\" ")).collect();
    assert_eq!(lines.len(), 4, "the manual, and completions for three shells");
    for line in lines {
        let command = line.split(" >").next().unwrap();
        let words = command.split(' ').map(|word| match word {
            "\"$generated/man\"" => here.path().to_str().unwrap(),
            other => other,
        });
        let output = Command::new(env!("CARGO_BIN_EXE_kusari")).args(words).output().unwrap();
        assert_success(command, &output);
        assert!(!output.stdout.is_empty(), "{command} wrote nothing");
    }
    let pages = std::fs::read_dir(here.path()).unwrap().map(|page| page.unwrap().file_name());
    let pages: Vec<String> = pages.map(|name| name.into_string().unwrap()).collect();
    assert!(pages.contains(&"kusari.1".to_owned()), "{pages:?}");
    assert!(pages.iter().all(|name| name.ends_with(".1")), "{pages:?} are not all packaged");
}

#[test]
fn an_upgrade_keeps_what_a_person_wrote_in_the_configuration() {
    let files = metadata()["conf-files"].clone();
    assert_eq!(files, vec![CONFIG_FILE].into());
}

#[test]
fn the_service_and_its_user_are_where_cargo_deb_looks_for_them() {
    let metadata = metadata();
    let directory = metadata["systemd-units"]["unit-scripts"].as_str().unwrap();
    let directory = root().join("crates/kusari").join(directory);
    for name in ["kusari.service", "kusari.sysusers"] {
        assert!(directory.join(name).is_file(), "{name} would be left out without a word");
    }
    // Without this key cargo-deb writes no script that makes the user or enables the service.
    let scripts = metadata["maintainer-scripts"].as_str().unwrap();
    assert!(root().join("crates/kusari").join(scripts).is_dir());
}

#[test]
fn the_service_is_enabled_but_first_started_by_a_person() {
    let unit = metadata()["systemd-units"].clone();
    assert_eq!(unit["unit-name"].as_str(), Some("kusari"));
    let flag = |name: &str| unit[name].as_bool();
    assert_eq!(flag("enable"), Some(true));
    assert_eq!(flag("start"), Some(false));
    assert_eq!(flag("restart-after-upgrade"), Some(true));
}

#[test]
fn the_copyright_is_that_of_the_licence_file() {
    let licence = read("LICENSE-MIT");
    let holder = licence.lines().find_map(|line| line.strip_prefix("Copyright (c) ")).unwrap();
    let copyright = read("deploy/debian/copyright");
    assert!(copyright.contains(&format!("\nCopyright: {holder}\n")), "{holder}");
    let words = |text: &str| {
        let words = text.split_whitespace().filter(|word| *word != ".");
        words.map(str::to_owned).collect::<Vec<_>>().join(" ")
    };
    let (_, permission) = licence.split_once("\n\nPermission").unwrap();
    assert!(words(&copyright).contains(&words(permission)), "the licence is not in full");
}
