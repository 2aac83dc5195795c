#!/usr/bin/env bash
# Counts the words of code in the sources of every crate: names, keywords and numbers. Comments, and what
# tests and the fuzzer alone use, are left out.
#
#   benches/words.sh [COMMIT]
#
# Without a commit it counts what lies in the checkout.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"
tree=$here
if [ $# -gt 0 ]; then
    tree=$(mktemp -d)
    trap 'rm -rf "$tree"' EXIT
    git archive "$1" crates | tar -x -C "$tree"
fi
cd "$tree"
find crates -path '*/src/*' -name '*.rs' ! -path '*/tests/*' ! -path 'crates/fuzz-checks/*' ! -name 'tests.rs' ! -name '*_tests.rs' |
    sort | while read -r file; do
    # A module of tests ends its file; other items of tests take one line.
    words=$(awk '
        /^ *#\[cfg\(test\)\]$/ { of_tests = 1; next }
        of_tests && /^ *#\[/ { next }
        of_tests && /^mod .*\{$/ { exit }
        of_tests { of_tests = 0; next }
        { sub(/\/\/.*/, ""); print }
    ' "$file" | { grep -oE '[A-Za-z0-9_]+' || true; } | wc -l)
    crate=${file#crates/}
    printf '%s %s\n' "${crate%%/*}" "$words"
done | awk '
    { words[$1] += $2; all += $2 }
    END {
        for (crate in words) printf "%-12s %8d\n", crate, words[crate] | "sort"
        close("sort")
        printf "%-12s %8d\n", "all", all
    }'
