//! The shell scripts, read by their shells without being run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tools::{assert_success, read, root, run_if_installed};

fn scripts(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scripts(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path)
            && let Some(first) = text.lines().next()
            && let Some(shell) = first.strip_prefix("#!")
        {
            found.push((path, shell.trim_start_matches("/usr/bin/env ").to_owned()));
        }
    }
}

#[test]
fn every_script_is_executable_and_its_shell_can_read_it() {
    let mut found = Vec::new();
    for place in ["deploy", ".ci", "benches"] {
        scripts(&root().join(place), &mut found);
    }
    let names: Vec<_> = found.iter().filter_map(|(path, _)| path.file_name()).collect();
    for name in ["build-deb.sh", "run", "compare.sh", "instructions.sh"] {
        assert!(names.contains(&name.as_ref()), "{name} is not found");
    }
    for (path, shell) in found {
        let name = path.display().to_string();
        assert!(fs::metadata(&path).unwrap().permissions().mode() & 0o111 == 0o111, "{name}");
        if let Some(output) = run_if_installed(Command::new(&shell).arg("-n").arg(&path)) {
            assert_success(&name, &output);
        }
    }
}

#[test]
fn building_the_package_ends_at_the_first_command_that_fails() {
    assert!(read("deploy/build-deb.sh").contains("\nset -euo pipefail\n"));
}
