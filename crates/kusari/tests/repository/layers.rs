//! Which crate builds on which.

use std::fs;
use std::process::Command;

use super::{assert_none, root};

/// Which crates of the workspace each crate may build on. The arrows point one way.
const LAYERS: [(&str, &[&str]); 19] = [
    ("no-schema", &[]),
    ("chain", &["no-schema"]),
    ("files", &[]),
    ("input", &[]),
    ("node", &["chain", "no-schema"]),
    ("miner", &["chain"]),
    ("journal", &["chain", "node"]),
    ("store", &["chain", "files", "node"]),
    ("wallet", &["chain", "files", "input"]),
    ("runtime", &["chain", "files", "journal", "miner", "node", "store", "wallet"]),
    ("api-types", &["chain", "input", "no-schema", "node"]),
    ("client", &["api-types", "chain", "files"]),
    (
        "api",
        &[
            "api-types",
            "chain",
            "files",
            "input",
            "miner",
            "no-schema",
            "node",
            "runtime",
            "store",
            "wallet",
        ],
    ),
    ("sim", &["chain", "miner", "node"]),
    ("conformance", &["chain", "miner", "node"]),
    ("grade", &["chain", "miner", "node"]),
    (
        "fuzz-checks",
        &["chain", "client", "input", "journal", "miner", "node", "runtime", "store", "wallet"],
    ),
    ("bench", &["api-types", "chain", "client", "files", "miner", "node", "runtime", "store"]),
    (
        "kusari",
        &[
            "api",
            "api-types",
            "bench",
            "chain",
            "client",
            "conformance",
            "files",
            "grade",
            "input",
            "journal",
            "miner",
            "node",
            "runtime",
            "store",
            "wallet",
        ],
    ),
];

/// Crates of this workspace that a manifest depends on, build dependencies included. Tests may
/// depend on what they like.
fn workspace_dependencies(manifest: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        let name = if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            let (table, name) = match section.split_once("dependencies.") {
                Some((before, name)) => (format!("{before}dependencies"), name),
                None => (section.to_owned(), ""),
            };
            inside = table.ends_with("dependencies") && !table.ends_with("dev-dependencies");
            name
        } else {
            line.split(['.', ' ', '=']).next().unwrap_or_default()
        };
        if inside && (name == "kusari" || name.starts_with("kusari-")) {
            found.push(name.trim_start_matches("kusari-").to_owned());
        }
    }
    found
}

#[test]
fn every_crate_has_its_place_among_the_layers() {
    let crates = fs::read_dir(root().join("crates")).unwrap();
    let crates = crates.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_placed = |name: &String| LAYERS.iter().any(|(layer, _)| layer == name);
    let missing: Vec<String> = crates.filter(|name| name != "purity" && !is_placed(name)).collect();
    assert_none("a crate stands in the table of this test", &missing);
}

#[test]
fn layers_point_one_way() {
    let mut offenders = Vec::new();
    for (name, allowed) in LAYERS {
        let manifest = root().join(format!("crates/{name}/Cargo.toml"));
        for dependency in workspace_dependencies(&fs::read_to_string(manifest).unwrap()) {
            if !allowed.contains(&dependency.as_str()) {
                offenders.push(format!("crates/{name} depends on {dependency}"));
            }
        }
    }
    assert_none("the arrows are those of ARCHITECTURE.md", &offenders);
}

#[test]
fn dependencies_are_found_in_every_form_of_a_manifest() {
    let manifest = "[dependencies]\nkusari-chain.workspace = true\nserde = \"1\"\n\
                    [dependencies.kusari-node]\npath = \"../node\"\n\
                    [target.'cfg(unix)'.dependencies]\nkusari-miner = { path = \"../miner\" }\n\
                    [dev-dependencies]\nkusari-sim.workspace = true\n";
    assert_eq!(workspace_dependencies(manifest), ["chain", "node", "miner"]);
}

#[test]
fn the_program_and_the_client_are_built_without_descriptions_of_the_api() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", "kusari", "--edges", "normal"])
        .args(["--prefix", "none", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(tree.starts_with("kusari "), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Vec<String> =
        tree.lines().filter(|line| line.starts_with("utoipa")).map(String::from).collect();
    assert_none("only tests of the API have the feature `schema`", &found);
}
