//! `kusari bench mine`.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde_json::json;

use kusari_miner::measure::{DATA_BYTES, KernelReport, Report, measure};

use crate::cli::prelude::*;

/// Count the nonces that each kernel of the miner tries in a second
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Threads that try at the same time
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: u16,

    /// How long each kernel tries, in short turns with the others
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let threads = NonZeroUsize::new(args.threads.into()).unwrap_or(NonZeroUsize::MIN);
    let report = measure(threads, Duration::from_secs(args.seconds));
    show(args.json, &as_json(&report), |_| table(&report))
}

fn table(report: &Report) -> String {
    let threads = report.threads.get();
    let on = if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
    let clock = report.clock / 1e9;
    let mut text = format!(
        "Tries on {on} with {DATA_BYTES} bytes of data, at {clock:.2} GHz\n\
         {:<10} {:>14}  {:>9}  {:>8}",
        "kernel", "tries/s", "sha2 loop", "of limit"
    );
    if threads > 1 {
        text.push_str("  of one thread");
    }
    for kernel in &report.kernels {
        let share = kernel.share_of_limit();
        let share = share.map_or("-".to_owned(), |share| format!("{:.0}%", share * 100.0));
        let ratio = format!("{:.2} x", kernel.rate / report.sha2_loop);
        let (name, rate) = (kernel.name, grouped(kernel.rate as u64));
        text.push_str(&format!("\n{name:<10} {rate:>14}  {ratio:>9}  {share:>8}"));
        if let Some(ratio) = kernel.threads_ratio() {
            text.push_str(&format!("  {:>13}", format!("{ratio:.2} x")));
        }
    }
    let (name, rate) = ("sha2 loop", grouped(report.sha2_loop as u64));
    text.push_str(&format!("\n{name:<10} {rate:>14}  {:>9}  {:>8}", "1.00 x", "-"));
    text
}

fn as_json(report: &Report) -> serde_json::Value {
    let rates: BTreeMap<&str, f64> =
        report.kernels.iter().map(|kernel| (kernel.name, kernel.rate.round())).collect();
    let shares: BTreeMap<&str, Option<f64>> =
        report.kernels.iter().map(|kernel| (kernel.name, kernel.share_of_limit())).collect();
    let best = report.kernels.first();
    json!({
        "threads": report.threads,
        "data_bytes": DATA_BYTES,
        "clock_hz": report.clock.round(),
        "kernels": rates,
        "best": best.map(|best| best.name),
        "sha2_loop": report.sha2_loop.round(),
        "ratio": best.map(|best| best.rate / report.sha2_loop),
        "limit": best.and_then(|best| best.limit).map(f64::round),
        "share_of_limit": best.and_then(KernelReport::share_of_limit),
        "threads_ratio": best.and_then(KernelReport::threads_ratio),
        "limit_threads_ratio": best.and_then(KernelReport::limit_threads_ratio),
        "shares_of_limits": shares,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(threads: usize) -> Report {
        let one_thread = (threads > 1).then_some(50e6);
        let limit_of_one_thread = one_thread.map(|_| 62.5e6);
        Report {
            threads: NonZeroUsize::new(threads).unwrap(),
            clock: 4.5e9,
            sha2_loop: 12_500_000.4,
            kernels: vec![
                KernelReport {
                    name: "fast",
                    rate: 1e8,
                    one_thread,
                    limit: Some(1.25e8),
                    limit_of_one_thread,
                },
                KernelReport {
                    name: "slow",
                    rate: 5e6,
                    one_thread,
                    limit: None,
                    limit_of_one_thread: None,
                },
            ],
        }
    }

    #[test]
    fn the_table_has_a_line_for_each_kernel_and_the_plain_loop() {
        assert_eq!(
            table(&report(1)),
            "Tries on one thread with 40 bytes of data, at 4.50 GHz\n\
             kernel            tries/s  sha2 loop  of limit\n\
             fast          100,000,000     8.00 x       80%\n\
             slow            5,000,000     0.40 x         -\n\
             sha2 loop      12,500,000     1.00 x         -"
        );
        let two = table(&report(2));
        assert!(two.starts_with("Tries on 2 threads"), "{two}");
        assert!(two.contains("of limit  of one thread\n"), "{two}");
        assert!(two.contains("       80%         2.00 x\n"), "{two}");
    }

    #[test]
    fn json_names_every_kernel_and_compares_the_best() {
        let json = as_json(&report(2));
        assert_eq!(json["kernels"], json!({ "fast": 1e8, "slow": 5e6 }));
        assert_eq!((&json["best"], &json["ratio"]), (&json!("fast"), &json!(1e8 / 12_500_000.4)));
        assert_eq!(json["sha2_loop"], json!(12_500_000.0));
        assert_eq!((&json["share_of_limit"], &json["threads_ratio"]), (&json!(0.8), &json!(2.0)));
        assert_eq!(as_json(&report(1))["threads_ratio"], json!(null));
    }
}
