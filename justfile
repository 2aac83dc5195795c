# Shortcuts. Each recipe is an ordinary command; `just` itself is not needed to build or test.

# List the recipes.
default:
    @just --list

# Build the program as people run it.
build:
    cargo build --release

# Run every test, the purity probe's build included.
test:
    cargo test --workspace

# Fail on any warning, in tests and benches too.
lint:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy --manifest-path crates/purity/Cargo.toml -- -D warnings

# Format everything.
fmt:
    cargo fmt --all
    cargo fmt --manifest-path crates/purity/Cargo.toml
    cargo fmt --manifest-path fuzz/Cargo.toml

# Prove that chain and node need no std.
purity:
    cargo run --manifest-path crates/purity/Cargo.toml

# Measure.
bench:
    cargo bench --workspace

# Run the benches of this checkout and of another commit by turns, and print the ratios.
bench-compare base filter="":
    benches/compare.sh {{base}} {{filter}}

# Count the instructions of the hot paths of a block. Needs valgrind.
instructions:
    benches/instructions.sh

# Fuzz one target for some seconds. Needs a C++ compiler.
fuzz target="block_json" seconds="60":
    fuzz/run.sh {{seconds}} {{target}}

# Hold the local API of real nodes against its own document. Needs python3 and PyPI.
check-api:
    conformance/check_api.sh

# Try every scenario of the simulator over fresh seeds, for some minutes.
simulate minutes="5":
    KUSARI_SIM_MINUTES={{minutes}} cargo test -p kusari-sim fresh_seeds -- --nocapture

# Check licences, sources and advisories. Needs `cargo install cargo-deny`.
deny:
    cargo deny check

# Do what continuous integration does.
ci:
    .ci/run
