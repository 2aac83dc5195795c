//! The image: `deploy/Dockerfile` and `.dockerignore`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::dockerfile::{Stage, stages};
use super::program::{DATA_DIRECTORY, assert_understood};
use super::tools::{assert_success, manifest, read, root};

#[track_caller]
fn both() -> (Stage, Stage) {
    let mut stages = stages();
    assert_eq!(stages.len(), 2, "one stage builds and one runs");
    let run = stages.pop().unwrap();
    (stages.pop().unwrap(), run)
}

fn workspace(key: &str) -> String {
    let manifest = manifest("Cargo.toml");
    manifest["workspace"]["package"][key].as_str().unwrap().to_owned()
}

/// The words after an option of kusari.
fn after<'a>(words: &'a [String], option: &str) -> Vec<&'a str> {
    words.windows(2).filter(|pair| pair[0] == option).map(|pair| pair[1].as_str()).collect()
}

#[test]
fn the_image_is_built_by_the_workspaces_toolchain_for_the_release_it_runs_on() {
    let (build, run) = both();
    let release = run.base().strip_prefix("debian:").and_then(|tag| tag.strip_suffix("-slim"));
    let toolchain = format!("rust:{}-slim-{}", workspace("rust-version"), release.unwrap());
    assert_eq!(build.base(), toolchain);
}

#[test]
fn the_image_says_which_version_and_licence_it_has() {
    let run = both().1;
    let labels = &run.one("LABEL").rest;
    for (label, value) in [("version", workspace("version")), ("licenses", workspace("license"))] {
        let label = format!("org.opencontainers.image.{label}=\"{value}\"");
        assert!(labels.contains(&label), "{label} is missing from {labels}");
    }
}

#[test]
fn the_program_comes_from_the_stage_that_built_it() {
    let (build, run) = both();
    let from = format!("--from={} ", build.name().unwrap());
    let copies = run.all("COPY");
    let copy = copies.iter().find_map(|copy| copy.rest.strip_prefix(&from)).unwrap();
    let (built, installed) = copy.split_once(' ').unwrap();
    let command = &build.one("RUN").rest;
    assert!(command.contains("cargo build --release --locked"), "{command}");
    assert!(command.ends_with(&format!("-o {built} target/release/kusari")), "{command}");
    assert_eq!(installed, "/usr/local/bin/kusari");
}

#[test]
fn the_node_runs_as_a_fixed_user_who_owns_the_volume() {
    let run = both().1;
    let (user, prepare) = (run.one("USER"), run.one("RUN"));
    let (uid, gid) = user.rest.split_once(':').unwrap();
    assert!(uid.parse::<u32>().unwrap() > 0 && gid.parse::<u32>().unwrap() > 0);
    assert!(prepare.rest.contains(&format!("useradd --uid {uid} ")), "{}", prepare.rest);
    assert!(prepare.rest.contains(&format!("groupadd --gid {gid} ")), "{}", prepare.rest);
    let owned =
        format!("install --directory --owner=kusari --group=kusari --mode=0700 {DATA_DIRECTORY}");
    assert!(prepare.rest.ends_with(&owned), "{}", prepare.rest);
    assert_eq!(run.one("VOLUME").rest, DATA_DIRECTORY);
    // What changes a directory after VOLUME is lost, and what runs after USER may do little.
    assert!(run.span("RUN").1 < run.span("USER").0);
    assert!(run.span("USER").1 < run.span("VOLUME").0);
}

#[test]
fn the_image_runs_a_node_on_the_exposed_port_that_keeps_its_chain_in_the_volume() {
    let run = both().1;
    assert_eq!(run.one("ENTRYPOINT").exec_form(), ["kusari"]);
    let words = run.one("CMD").exec_form();
    assert_understood(&words);
    assert_eq!(after(&words, "--listen"), [run.one("EXPOSE").rest.as_str()]);
    assert_eq!(after(&words, "--data-dir"), [DATA_DIRECTORY]);
    assert_eq!(run.one("STOPSIGNAL").rest, "SIGTERM");
}

#[test]
fn the_health_check_asks_the_node_of_the_volume() {
    let run = both().1;
    let check = &run.one("HEALTHCHECK").rest;
    let (options, words) = check.split_once(" CMD ").unwrap();
    assert!(options.split(' ').all(|option| option.starts_with("--")), "{options}");
    let words: Vec<String> = serde_json::from_str(words).unwrap();
    assert_eq!(words[..2], ["kusari", "status"]);
    assert_eq!(after(&words, "--data-dir"), [DATA_DIRECTORY]);
    assert_understood(&words[1..]);
}

/// What `.dockerignore` lets through, from the root of the repository.
#[track_caller]
fn context() -> Vec<String> {
    let ignored = read(".dockerignore");
    let mut lines = ignored.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "first everything is left out");
    let (taken, left_out): (Vec<&str>, Vec<&str>) = lines.partition(|l| l.starts_with('!'));
    assert_eq!(left_out, ["**/target"], "then what was built is left out of what is taken");
    taken.iter().map(|line| line.trim_start_matches('!').to_owned()).collect()
}

#[test]
fn what_is_copied_is_let_through() {
    let (build, run) = both();
    assert_eq!(build.copies(), [(vec!["."], ".")]);
    for (sources, _) in run.copies() {
        for source in sources {
            assert!(root().join(source).is_file(), "{source} does not exist");
            assert!(context().iter().any(|taken| taken == source), "{source} is left out");
        }
    }
}

#[test]
fn what_is_copied_is_enough_to_build_the_program() {
    let here = TempDir::new().unwrap();
    for source in context() {
        let from = root().join(&source);
        if from.exists() {
            copy(&from, &here.path().join(&source));
        }
    }
    let tree = |connection: &[&str]| {
        let command = ["tree", "--quiet", "--locked", "--package", "kusari", "--edges", "no-dev"];
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(command).args(connection).current_dir(here.path()).output().unwrap()
    };
    // What it depends on is here already, since this test was built.
    let mut output = tree(&["--offline"]);
    if !output.status.success() {
        output = tree(&[]);
    }
    assert_success("cargo does not find all it needs among what is copied", &output);
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "target" {
                copy(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

#[test]
fn no_source_includes_a_file_that_is_not_copied() {
    let taken: Vec<PathBuf> = context().iter().map(|path| root().join(path)).collect();
    let mut checked = 0;
    for member in fs::read_dir(root().join("crates")).unwrap() {
        checked += check_includes(&member.unwrap().path().join("src"), &taken);
    }
    assert!(checked > 50, "only {checked} sources were found");
}

/// Returns the number of files below `directory`, none of which includes a file that is not below
/// one of `taken`.
#[track_caller]
fn check_includes(directory: &Path, taken: &[PathBuf]) -> usize {
    let mut checked = 0;
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            checked += check_includes(&path, taken);
            continue;
        }
        checked += 1;
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let macros = text.split("include_").skip(1);
        for included in macros.filter_map(|rest| rest.split('"').nth(1)) {
            let Ok(file) = directory.join(included).canonicalize() else { continue };
            let copied = taken.iter().any(|taken| file.starts_with(taken));
            assert!(copied, "{}: {included} is not in the image", path.display());
        }
    }
    checked
}
