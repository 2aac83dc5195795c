#!/usr/bin/env bash
# Holds real nodes against the document of their own local API (GET /v1/openapi.json) with generated
# requests, right ones and wrong ones: one node of the classic chain, one of a ledger, on loopback and
# with nothing kept.
#
#   conformance/check_api.sh [KUSARI] [EXAMPLES]
#
# KUSARI is the program (target/debug/kusari, which is built where it is missing), EXAMPLES how many
# requests are drawn for each operation. Needs python3 and, the first time, PyPI. Ends with 0 where
# nothing is wrong, with 1 where something is, and with 77 where there is nothing to check with.
set -euo pipefail

# One version, so that a finding comes from a change of ours.
schemathesis=4.32.5
# The same requests each time.
seed=20261124
# Most seconds for each node; far more than it takes.
seconds=180

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$(realpath -m "${1:-$root/target/debug/kusari}")
examples=${2:-100}
[ -x "$program" ] || (cd "$root" && cargo build --quiet -p kusari)

work=$(mktemp -d)
node=
finish() {
    if [ -n "$node" ]; then kill -INT "$node" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap finish EXIT

skip() {
    printf 'SKIPPED, the local API is not held against its document: %s\n' "$*" >&2
    exit 77
}
command -v python3 >/dev/null || skip "there is no python3"
python3 -m venv "$work/venv" >/dev/null 2>&1 || skip "python3 makes no venv (Debian: python3-venv)"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$schemathesis" \
    >"$work/pip" 2>&1 || skip "schemathesis $schemathesis cannot be installed: $(tail -n 1 "$work/pip")"

token=$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')
(umask 077 && printf '%s\n' "$token" >"$work/token")

# Starts a node with these words and says where its API is, in `api`.
start() {
    local words=("$@") output="$work/output" try
    : >"$output"
    HOME=$work "$program" --listen 127.0.0.1:0 --http 127.0.0.1:0 --ephemeral --miner-threads 1 \
        --token-file "$work/token" "${words[@]}" </dev/null >"$output" 2>&1 &
    node=$!
    for try in $(seq 100); do
        api=$(sed -n 's/^Local API on //p' "$output")
        if [ -n "$api" ]; then return; fi
        kill -0 "$node" 2>/dev/null || break
        sleep 0.1
    done
    cat "$output" >&2
    echo "the node does not start" >&2
    exit 1
}

# Left out are what does not end (/v1/events), what reads the whole store and is done one at a time
# (/v1/audit, /v1/backup), and what would have the node dial strangers (POST /v1/peers): these have
# tests of their own. That what the document allows is also taken is not checked: checksums, signatures
# and which keys exclude each other are no part of a schema.
check() {
    echo "== $1: $api"
    # It keeps what it found where it runs.
    cd "$work"
    timeout "$seconds" "$work/venv/bin/schemathesis" run "$api/v1/openapi.json" \
        --header "Authorization: Bearer $token" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection \
        --phases examples,coverage,fuzzing --max-examples "$examples" --seed "$seed" \
        --request-timeout 20 --continue-on-failure --workers 1 --no-color \
        --generation-database none --suppress-health-check all --warnings off \
        --exclude-path /v1/events --exclude-path /v1/audit --exclude-path /v1/backup \
        --exclude-operation-id connect || failed=1
    kill -0 "$node" || { echo "the node ended: $(tail -n 5 "$work/output")" >&2; failed=1; }
    kill -INT "$node"
    wait "$node" || { echo "the node did not end cleanly" >&2; failed=1; }
    node=
}

failed=0
start
check "classic chain"
start --chain ledger
check "ledger"
exit "$failed"
