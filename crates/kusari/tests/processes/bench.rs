//! Measurements of the program by itself: that they come to an end, say what they promise, and leave
//! nothing behind. What they say of speed is nobody's business here.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::command::command;

/// Runs `kusari bench` with these words. Returns what it printed as JSON.
#[track_caller]
fn bench(words: &str) -> Value {
    let (home, mut command) = command(&format!("bench {words} --json"));
    let temporary = home.home().join("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = command.env("TMPDIR", &temporary).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "something is left behind");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn assert_positive(figures: &Value, keys: &[&str]) {
    for key in keys {
        let figure = figures[key].as_f64();
        assert!(figure.is_some_and(|figure| figure > 0.0), "{key} is {figure:?} in {figures}");
    }
}

#[test]
fn a_fresh_node_takes_the_whole_chain_and_the_figures_are_named() {
    let figures = bench("sync --blocks 600");
    assert_eq!(figures["blocks"], 600);
    assert_positive(&figures, &["blocks_per_s", "seconds", "disk_bytes", "get_chain_blocks_per_s"]);
    assert!(figures["cpu_s"].as_f64() >= figures["source_cpu_s"].as_f64());
    if cfg!(target_os = "linux") {
        assert_positive(&figures, &["peak_rss_mib", "source_peak_rss_mib"]);
    }
}

#[test]
fn a_ledger_is_taken_whole_and_lines_of_transactions_are_all_acknowledged() {
    let figures = bench("ledger --transactions 5200");
    assert_eq!((&figures["transactions"], &figures["blocks"]), (&5_200.into(), &3.into()));
    let keys = ["transactions_per_s", "seconds", "disk_bytes", "gossip_transactions_per_s"];
    assert_positive(&figures, &keys);
    assert_positive(&figures, &["proofs", "prove_ms", "verify_ms", "verify_max_ms", "proof_bytes"]);
    assert!(figures["cpu_s"].as_f64() >= figures["source_cpu_s"].as_f64());
    if cfg!(target_os = "linux") {
        assert_positive(&figures, &["peak_rss_mib", "source_peak_rss_mib"]);
    }
}

#[test]
fn a_long_chain_is_opened_looked_up_and_reorganised() {
    let figures = bench("chain --blocks 300");
    assert_eq!(figures["blocks"], 300);
    assert_eq!(figures["reorganisation_depth"], 100);
    let keys = [
        "start_ms",
        "disk_bytes",
        "export_bytes",
        "disk_ratio",
        "lookup_by_height_us",
        "lookup_by_hash_us",
        "reorganisation_ms",
    ];
    assert_positive(&figures, &keys);
    // A line with 40 bytes of text and a number of blocks of three digits at the most.
    let each = figures["export_bytes"].as_f64().unwrap() / 300.0;
    assert!((270.0..290.0).contains(&each), "{each} bytes a block");
}

#[test]
fn a_block_is_timed_from_one_node_to_the_next_and_through_a_network() {
    let figures = bench("relay --blocks 3 --nodes 6 --degree 3 --seed 5");
    assert_eq!(figures["blocks"], 3);
    assert_positive(&figures, &["p90_ms", "whole_median_ms", "whole_p90_ms"]);
    assert!(figures["median_ms"].is_number());
}

#[test]
fn every_kernel_of_this_machine_is_measured_beside_the_plain_loop() {
    let figures = bench("mine --seconds 1");
    assert_positive(&figures, &["sha2_loop", "ratio"]);
    let kernels: BTreeSet<&str> =
        figures["kernels"].as_object().unwrap().keys().map(String::as_str).collect();
    assert!(kernels.contains("portable") && kernels.contains(figures["best"].as_str().unwrap()));
}
