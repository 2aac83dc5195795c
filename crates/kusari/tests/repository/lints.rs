//! What the compiler checks, and where it need not.

use std::fs;

use super::{assert_none, code, files, has_word, root, sources};

/// Whether a line of code uses the keyword, and does not just speak of it.
fn is_without_checks(line: &str) -> bool {
    let line = code(line);
    let keyword = concat!("un", "safe");
    let forms = ["{", "fn ", "impl ", "impl<", "trait ", "extern ", "("];
    has_word(line, keyword)
        && line.split(keyword).skip(1).any(|rest| {
            forms.iter().any(|form| rest.trim_start().starts_with(form)) || rest.trim().is_empty()
        })
}

#[test]
fn only_kernels_of_the_miner_go_without_the_compilers_checks() {
    let allowed = ["crates/miner/src/kernel/", "crates/purity/"];
    let offenders: Vec<String> = sources()
        .iter()
        .filter(|file| !allowed.iter().any(|place| file.path.starts_with(place)))
        .flat_map(|file| file.offenders(is_without_checks))
        .collect();
    assert_none("the miner's kernels alone may be unsafe, and the purity probe", &offenders);
}

#[test]
fn every_crate_shares_the_lints_of_the_workspace() {
    let apart = [
        "Cargo.toml",
        "benches/rivals/Cargo.toml",
        "crates/miner/Cargo.toml",
        "crates/purity/Cargo.toml",
        "fuzz/Cargo.toml",
    ];
    let offenders: Vec<String> = files(&["toml"])
        .into_iter()
        .filter(|file| file.path.ends_with("Cargo.toml") && !apart.contains(&file.path.as_str()))
        .filter(|file| !file.text.contains("[lints]\nworkspace = true"))
        .map(|file| file.path)
        .collect();
    assert_none("a crate's manifest says [lints] workspace = true", &offenders);
}

/// The lints of a manifest's tables whose name ends in `.rust]` or `.clippy]`, each as its line.
fn lints(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("lints.rust]") || line.ends_with("lints.clippy]");
        } else if inside && line.contains(" = ") {
            found.push(line);
        }
    }
    found
}

#[test]
fn the_miner_has_the_lints_of_the_workspace_and_proves_what_it_may_do_more() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (workspace, miner) = (read("Cargo.toml"), read("crates/miner/Cargo.toml"));
    let keyword = concat!("un", "safe");
    let forbidden = format!("{keyword}_code = \"forbid\"");
    let more = [
        format!("{keyword}_code = \"deny\""),
        format!("{keyword}_op_in_{keyword}_fn = \"deny\""),
        format!("undocumented_{keyword}_blocks = \"deny\""),
    ];
    let mut expected: Vec<&str> = lints(&workspace);
    assert!(expected.contains(&forbidden.as_str()), "the workspace allows it everywhere");
    expected.retain(|lint| *lint != forbidden);
    expected.extend(more.iter().map(String::as_str));
    expected.sort_unstable();
    let mut lints = lints(&miner);
    lints.sort_unstable();
    assert_eq!(lints, expected, "crates/miner/Cargo.toml repeats the lints of the workspace");
}
