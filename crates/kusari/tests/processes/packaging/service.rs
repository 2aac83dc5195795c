//! The service: `deploy/kusari.service` and the user it runs as.

use std::process::Command;

use tempfile::TempDir;

use super::program::{CONFIG_FILE, DATA_DIRECTORY, assert_understood, run};
use super::tools::{assert_success, manifest, read, root, run_if_installed};
use super::unit_file::Unit;

const FILE: &str = "deploy/kusari.service";

/// What keeps a node that has been taken over from doing harm elsewhere.
const SANDBOX: [(&str, &str); 22] = [
    ("CapabilityBoundingSet", ""),
    ("KeyringMode", "private"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("NoNewPrivileges", "yes"),
    ("PrivateDevices", "yes"),
    ("PrivateTmp", "yes"),
    ("PrivateUsers", "yes"),
    ("ProtectClock", "yes"),
    ("ProtectControlGroups", "yes"),
    ("ProtectHome", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectProc", "invisible"),
    ("ProtectSystem", "strict"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("SystemCallArchitectures", "native"),
    ("UMask", "0077"),
];

#[track_caller]
fn unit() -> Unit {
    Unit::read(&read(FILE))
}

#[test]
fn every_setting_stands_once_in_its_section() {
    let unit = unit();
    assert_eq!(unit.sections(), ["Unit", "Service", "Install"]);
    for entry in unit.entries() {
        // Only a list may be continued; everything else would silently replace what was said.
        let times = unit.all(&entry.key).len();
        assert!(
            times == 1 || entry.key == "SystemCallFilter",
            "{} stands {times} times",
            entry.key
        );
        let of_unit = ["Description", "Documentation", "After", "Wants"].contains(&&*entry.key)
            || entry.key.starts_with("StartLimit");
        assert_eq!(entry.section == "Unit", of_unit, "{} in [{}]", entry.key, entry.section);
        assert_eq!(entry.section == "Install", entry.key == "WantedBy", "{}", entry.key);
    }
}

#[test]
fn the_program_understands_how_the_service_starts_it() {
    let unit = unit();
    let words: Vec<&str> = unit.one("ExecStart").split(' ').collect();
    assert_eq!(words, ["/usr/bin/kusari", "--config", CONFIG_FILE]);
    assert_understood(&words[1..]);
}

#[test]
fn wrong_settings_are_not_tried_again_and_failures_are() {
    let unit = unit();
    assert_eq!(unit.one("Restart"), "on-failure");
    let file = format!("data-dir = '{DATA_DIRECTORY}'\nlisten = 'nowhere'\n");
    let (code, error) = run(&["--config", CONFIG_FILE], &file);
    assert_eq!(unit.one("RestartPreventExitStatus"), code.unwrap().to_string(), "{error}");
    let file = format!("data-dir = '{DATA_DIRECTORY}'\nlisten = 8080\n");
    let (code, error) = run(&["--config", CONFIG_FILE], &file);
    assert_ne!(unit.one("RestartPreventExitStatus"), code.unwrap().to_string(), "{error}");
}

#[test]
fn the_service_may_write_where_its_settings_keep_the_chain_and_nowhere_else() {
    let unit = unit();
    let settings = manifest("deploy/kusari.toml");
    assert_eq!(settings["data-dir"].as_str(), Some(DATA_DIRECTORY));
    assert_eq!(format!("/var/lib/{}", unit.one("StateDirectory")), DATA_DIRECTORY);
    assert_eq!(unit.one("StateDirectoryMode"), "0700");
    for key in ["ReadWritePaths", "BindPaths", "CacheDirectory", "LogsDirectory"] {
        assert_eq!(unit.all(key), [""; 0], "{key}");
    }
}

#[test]
fn the_service_is_confined() {
    let unit = unit();
    for (key, value) in SANDBOX {
        assert_eq!(unit.all(key), [value], "{key}");
    }
    let filter = unit.all("SystemCallFilter");
    assert_eq!(filter, ["@system-service", "~@privileged @resources"]);
    assert!(!unit.one("MemoryMax").is_empty());
}

#[test]
fn the_service_runs_as_the_user_that_is_made_for_it() {
    let unit = unit();
    let users = read("deploy/kusari.sysusers");
    let lines: Vec<&str> = users.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines, [format!("u kusari - \"kusari node\" {DATA_DIRECTORY}")]);
    assert_eq!((unit.one("User"), unit.one("Group")), ("kusari", "kusari"));
}

/// Whether systemd is here and not older than the options and settings that this test needs.
fn systemd_knows_every_setting() -> bool {
    let version = run_if_installed(Command::new("systemd-analyze").arg("--version"));
    let said = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // As in `systemd 252 (252.38-1~deb12u1)`.
    let number = said.as_deref().and_then(|said| said.split_whitespace().nth(1)?.parse().ok());
    number.is_some_and(|number: u32| number >= 250)
}

#[test]
fn systemd_accepts_the_unit_and_the_user_where_it_is_installed() {
    let here = TempDir::new().unwrap();
    let unit = here.path().join("kusari.service");
    // The program that the unit names is looked for, so it is named where it is.
    let text = read(FILE).replace("/usr/bin/kusari", env!("CARGO_BIN_EXE_kusari"));
    std::fs::write(&unit, text).unwrap();
    if !systemd_knows_every_setting() {
        return;
    }
    let verify = ["verify", "--man=no", "--recursive-errors=no"];
    if let Some(output) = run_if_installed(Command::new("systemd-analyze").args(verify).arg(&unit))
    {
        assert_success(FILE, &output);
        // A setting that it does not know is only spoken of.
        let said = String::from_utf8_lossy(&output.stderr);
        let about_ours: Vec<&str> =
            said.lines().filter(|line| line.contains("kusari.service:")).collect();
        assert_eq!(about_ours, [""; 0]);
    }
    let users = root().join("deploy/kusari.sysusers");
    let mut dry = Command::new("systemd-sysusers");
    if let Some(output) = run_if_installed(dry.arg("--dry-run").arg(&users)) {
        assert_success("deploy/kusari.sysusers", &output);
    }
}
