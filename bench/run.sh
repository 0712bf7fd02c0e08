#!/usr/bin/env bash
# Measures the server beside the floor: server on core 0, generator on core 1.
#   bench/run.sh spike [--runs N] [--seconds S] [--only SCENARIO] [--server NAME=PATH]...
# Further servers are other builds of the testbed, for comparing two ways of doing one thing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cargo build --quiet --release --manifest-path "$here/../Cargo.toml" -p testbed
cargo build --quiet --release --manifest-path "$here/Cargo.toml"
ulimit -n "$(ulimit -H -n)"
root=${CARGO_TARGET_DIR:-$here/../target}
own=${CARGO_TARGET_DIR:-$here/target}
exec python3 "$here/compare.py" --bin "$own/release" --server "direct=$root/release/testbed" "$@"
