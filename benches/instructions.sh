#!/usr/bin/env bash
# Counts the instructions of the hot paths of a block and prints them, a line for each: framing a
# BLOCK line, decoding it with the stateless check, accepting the block in a chain, all that a node
# does with it, and encoding it. The same code gives the same counts within a few, whatever
# else the machine does, so what changes here is a change of the code, of the compiler or of a
# dependency. Needs valgrind.
#
#   benches/instructions.sh [PART]...
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for tool in cargo valgrind; do
    command -v "$tool" >/dev/null || {
        echo "instructions: $tool is not installed" >&2
        exit 1
    }
done
[ $# -gt 0 ] || set -- frame decode accept handle encode

target=${CARGO_TARGET_DIR:-$here/target}
unset CARGO_BUILD_BUILD_DIR
cargo build --quiet --release --manifest-path "$here/Cargo.toml" --target-dir "$target" \
    -p kusari-node --example hot_path
profiles=$target/instructions
mkdir -p "$profiles"

# Instructions of one run of so many passes, and the blocks that they took.
count() {
    local part=$1 passes=$2 profile=$profiles/$1-$2.callgrind log=$profiles/$1-$2.log blocks
    # The seeds of hash tables are addresses, and these depend on the size of the environment.
    blocks=$(env -i PATH="$PATH" valgrind --tool=callgrind --callgrind-out-file="$profile" \
        --log-file="$log" "$target/release/examples/hot_path" "$part" "$passes") || {
        cat "$log" >&2
        echo "instructions: $part did not run to its end" >&2
        return 1
    }
    awk -v blocks="${blocks%% *}" '/^(summary|totals):/ { print $2, blocks; exit }' "$profile"
}

cat <<'EOF'
# Instructions a block, by callgrind. It knows neither AVX-512 nor the SHA extensions, so code that
# chooses by the processor runs its portable form here: SHA-256 weighs more than on a real machine.
EOF
for part in "$@"; do
    few=$(count "$part" 1)
    many=$(count "$part" 9)
    # The difference leaves what came before the first pass, and what only the first one does.
    printf '%s %s\n' "$few" "$many" | awk -v part="$part" '
        function grouped(number,    text) {
            text = sprintf("%d", number)
            while (match(text, /^[0-9]+[0-9][0-9][0-9](,|$)/)) {
                match(text, /^[0-9]+/)
                text = substr(text, 1, RLENGTH - 3) "," substr(text, RLENGTH - 2)
            }
            return text
        }
        { printf "%-8s %9s instructions a block\n", part, grouped(($3 - $1) / ($4 - $2) + 0.5) }
    '
done
