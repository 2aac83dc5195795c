#!/usr/bin/env bash
# Builds every fuzz target with libFuzzer's instrumentation and runs each for some seconds (default
# 10), beginning with its seeds. Fails where one crashes; the input that did it is then kept in
# fuzz/artifacts. Needs a Rust toolchain, stable is enough, and a C++ compiler.
#
#   fuzz/run.sh [SECONDS] [TARGET]...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:-10}
shift || true
command -v c++ >/dev/null || {
    echo "fuzz: there is no C++ compiler (c++), which libFuzzer is built with" >&2
    exit 1
}

# The instrumentation is LLVM's own and part of every toolchain; only sanitizers would need nightly.
# Build scripts must go without it, and do where a target is named.
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4\
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table\
 -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
unset CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_BUILD_DIR
built=${FUZZ_TARGET_DIR:-$here/target}
cargo build --release --manifest-path "$here/Cargo.toml" --target "$host" --target-dir "$built"

if [ $# -eq 0 ]; then
    for source in "$here"/fuzz_targets/*.rs; do
        set -- "$@" "$(basename "$source" .rs)"
    done
fi
for target in "$@"; do
    # What a target may use, in MiB. The database takes a page's length from the pointer to it and has
    # a buffer of it before it looks whether the file is that long: in a damaged file up to 4 GiB
    # (its largest order, 20, times 4,096 bytes; github.com/cberner/redb/pull/1368 set that bound).
    memory=2048
    [ "$target" = store_open ] && memory=6144
    mkdir -p "$here/corpus/$target" "$here/artifacts/$target"
    echo "== fuzz $target for $seconds s"
    # New inputs go to the first directory, which git ignores; the seeds are only read.
    if ! "$built/$host/release/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb="$memory" \
        -verbosity=0 -print_final_stats=1 -artifact_prefix="$here/artifacts/$target/" \
        "$here/corpus/$target" "$here/seeds/$target"; then
        echo "fuzz: $target failed; its input is in fuzz/artifacts/$target" >&2
        exit 1
    fi
done
