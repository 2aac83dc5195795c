//! The core as a program without std: it builds only where no crate below it uses std.
//!
//! It is among the tests that wait for processes, since a build needs what they leave of the processor.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

use std::path::Path;
use std::process::Command;

#[test]
fn the_purity_probe_builds_and_runs() {
    let run = |connection: &[&str]| {
        Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--manifest-path"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../purity/Cargo.toml"))
            .args(connection)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("purity"))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .unwrap()
    };
    // Its dependencies are those of the workspace, so they are here already, save in rare cases.
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(
        output.status.success(),
        "chain, node or one of their dependencies uses std:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
