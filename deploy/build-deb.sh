#!/usr/bin/env bash
# Builds the Debian package, with manual pages and completions made by the program itself. Options
# are passed on to cargo-deb, as in `deploy/build-deb.sh --output kusari.deb`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v cargo-deb >/dev/null; then
    echo 'build-deb: cargo-deb is missing; run `cargo install cargo-deb`' >&2
    exit 1
fi

cargo build --release --locked --package kusari

metadata=$(cargo metadata --no-deps --format-version 1)
release=$(sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p' <<<"$metadata")/release
kusari=$release/kusari

# crates/kusari/Cargo.toml takes the files below from here.
generated=$release/packaging
rm -rf "$generated"
mkdir -p "$generated/man" "$generated/completions"
"$kusari" man --directory "$generated/man"
gzip --best --no-name "$generated"/man/*.1
"$kusari" completions bash >"$generated/completions/kusari.bash"
"$kusari" completions zsh >"$generated/completions/kusari.zsh"
"$kusari" completions fish >"$generated/completions/kusari.fish"

gzip --best --no-name --stdout CHANGELOG.md >"$generated/changelog.gz"

cargo deb --no-build --strip --package kusari "$@"
