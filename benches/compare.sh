#!/usr/bin/env bash
# Compares the benches of this checkout, changes that are not committed included, with those of
# another commit. Both are built, then run by turns in one run, so that what the machine does besides
# meets both alike. Prints for each bench the median of the rounds' medians at BASE and here, and how
# many times the former the latter is. It judges nothing: a ratio near 1 may be chance.
#
#   benches/compare.sh BASE [FILTER]
#
# FILTER is a part of a bench's name, as `wire::decode` or `accept`. ROUNDS=5 makes it five rounds;
# fewer than three are not run.
set -euo pipefail

fail() {
    printf 'compare: %s\n' "$*" >&2
    exit 1
}

[ $# -eq 1 ] || [ $# -eq 2 ] || fail "usage: benches/compare.sh BASE [FILTER]"
base=$1 filter=${2:-} rounds=${ROUNDS:-3}
case $rounds in
    '' | *[!0-9]*) fail "ROUNDS is a number, not '$rounds'" ;;
esac
[ "$rounds" -ge 3 ] || fail "a median needs at least 3 rounds, not $rounds"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
commit=$(git -C "$here" rev-parse --quiet --verify "$base^{commit}") || fail "there is no commit '$base'"

# Kept, so that the next comparison builds only what differs. The tree of BASE is not.
kept=$here/target/compare
tree=$kept/tree
results=$kept/results
mkdir -p "$kept"
remove_tree() {
    [ ! -e "$tree" ] || git -C "$here" worktree remove --force "$tree" || rm -rf "$tree"
    git -C "$here" worktree prune
}
trap remove_tree EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# One may be left where the machine went down.
remove_tree
git -C "$here" worktree add --quiet --detach "$tree" "$commit"

unset CARGO_TARGET_DIR CARGO_BUILD_BUILD_DIR
# Builds the benches of a checkout. Prints a line for each: its name, and where its program is.
build() {
    local checkout=$1 built=$2 messages=$2.json
    # Only benches: what else `cargo bench` would build has nothing to measure.
    cargo bench --quiet --no-run --workspace --bench '*' --message-format=json \
        --manifest-path "$checkout/Cargo.toml" --target-dir "$built" >"$messages" || return 1
    sed -n 's/.*"kind":\["bench"\].*"name":"\([^"]*\)".*"executable":"\([^"]*\)".*/\1 \2/p' \
        "$messages" | sort
}

echo "Building the benches of $(git -C "$here" rev-parse --short "$commit")" >&2
of_base=$(build "$tree" "$kept/base") || fail "the benches of $base cannot be built"
echo "Building the benches of this checkout" >&2
of_here=$(build "$here" "$kept/here") || fail "the benches of this checkout cannot be built"
[ -n "$of_base$of_here" ] || fail "neither side has a bench"

# Runs one bench of one side and keeps what it says.
run() {
    local side=$1 program=$2 place=$here said
    [ "$side" = here ] || place=$tree
    said=$results/$side.$3.$4
    (cd "$place" && "$program" --bench --color never ${filter:+"$filter"}) >"$said" 2>"$kept/errors" || {
        # What it said before it failed counts; a fault of BASE cannot be mended any more.
        tail -n 3 "$kept/errors" >&2
        [ "$side" = base ] || fail "$program failed"
    }
}

rm -rf "$results"
mkdir -p "$results"
for round in $(seq "$rounds"); do
    while read -r name; do
        echo "Round $round of $rounds: $name" >&2
        for side in base here; do
            list=$of_base
            [ "$side" = base ] || list=$of_here
            program=$(printf '%s\n' "$list" | awk -v name="$name" '$1 == name { print $2; exit }')
            [ -z "$program" ] || run "$side" "$program" "$name" "$round"
        done
    done < <(printf '%s\n%s\n' "$of_base" "$of_here" | awk 'NF { print $1 }' | sort -u)
done

# The lines of divan are a tree: three characters a level, then the name, then columns of which the
# third is the median. Lines with throughput have no name.
awk '
    function cut_prefix(prefix) {
        if (index(rest, prefix) != 1) return 0
        rest = substr(rest, length(prefix) + 1)
        return 1
    }
    function nanoseconds(text,    words) {
        if (split(text, words, " ") != 2 || !(words[2] in units)) return -1
        return words[1] * units[words[2]]
    }
    function shown(time) {
        if (time < 1e3) return sprintf("%.4g ns", time)
        if (time < 1e6) return sprintf("%.4g us", time / 1e3)
        if (time < 1e9) return sprintf("%.4g ms", time / 1e6)
        return sprintf("%.4g s", time / 1e9)
    }
    # The middle one of the times of a bench, or the mean of the two in the middle.
    function median(side, name,    count, i, j, sorted, time) {
        count = counts[side, name]
        for (i = 1; i <= count; i++) {
            time = times[side, name, i]
            for (j = i - 1; j >= 1 && sorted[j] > time; j--) sorted[j + 1] = sorted[j]
            sorted[j + 1] = time
        }
        return (sorted[int((count + 1) / 2)] + sorted[int(count / 2) + 1]) / 2
    }
    BEGIN {
        units["ps"] = 1e-3; units["ns"] = 1; units["µs"] = 1e3; units["ms"] = 1e6
        units["s"] = 1e9; units["m"] = 60e9; units["h"] = 3600e9
    }
    FNR == 1 {
        side = FILENAME
        sub(/.*\//, "", side)
        sub(/\..*/, "", side)
    }
    split($0, columns, "│") < 5 { next }
    {
        rest = $0
        depth = 0
        while (cut_prefix("│  ") || cut_prefix("   ")) depth++
        if (cut_prefix("├─ ") || cut_prefix("╰─ ")) depth++
        else if (depth > 0) next
        count = split(rest, columns, "│")
        label = columns[1]
        sub(/ +(fastest|[0-9.]+ [^ ]+) *$/, "", label)
        sub(/ +$/, "", label)
        labels[depth] = label
        time = nanoseconds(columns[3])
        if (time < 0) next
        name = labels[0]
        for (level = 1; level <= depth; level++) name = name "::" labels[level]
        times[side, name, ++counts[side, name]] = time
        names[name]
    }
    END {
        for (name in names) {
            if (!(("here", name) in counts)) {
                printf "%s|%s|%s|%s\n", name, shown(median("base", name)), "-", "only at BASE"
            } else if (!(("base", name) in counts)) {
                printf "%s|%s|%s|%s\n", name, "-", shown(median("here", name)), "only here"
            } else {
                base = median("base", name)
                here = median("here", name)
                ratio = base > 0 ? sprintf("%.3f", here / base) : "-"
                printf "%s|%s|%s|%s\n", name, shown(base), shown(here), ratio
            }
        }
    }
' "$results"/* | LC_ALL=C sort -t '|' -k 1,1 | awk -F '|' -v base="$base" '
    { for (column = 1; column <= 4; column++) cells[NR, column] = $column
      if (length($1) > width) width = length($1) }
    END {
        if (NR == 0) {
            print "No bench has this in its name."
            exit
        }
        printf "%-*s  %12s  %12s  %s\n", width, "bench", substr(base, 1, 12), "here", "here/BASE"
        for (row = 1; row <= NR; row++)
            printf "%-*s  %12s  %12s  %s\n", width, cells[row, 1], cells[row, 2], cells[row, 3], cells[row, 4]
    }
'
