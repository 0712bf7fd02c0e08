#!/usr/bin/env bash
# Builds what a bench needs, release throughout, and runs it; what each prints stands in README.md.
#   bench/run.sh compare [--quick] [--row ROW]... [--server SERVER]... [--other TESTBED] [--again]
#   bench/run.sh negotiation [--runs N] [--only opening,blocked,mute,moves] [--place node,Chromium]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
ours=${CARGO_TARGET_DIR:-$here/../target}
bench=${CARGO_TARGET_DIR:-$here/target}
what=${1:?compare or negotiation}
shift

packages() { [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] || (cd "$1" && npm ci --no-audit --no-fund >&2); }

echo "building (some minutes, the first time)" >&2
packages "$here"
cargo build --quiet --release --locked --manifest-path "$here/../Cargo.toml" -p testbed

case "$what" in
  negotiation)
    packages "$here/../client-js"
    (cd "$here/../client-js" && npm run --silent build) >&2
    TESTBED="$ours/release/testbed" exec node "$here/negotiation/main.mjs" "$@"
    ;;
  compare)
    cargo build --quiet --release --locked --manifest-path "$here/Cargo.toml"
    "$here/../scripts/instructions.sh" --build
    ulimit -n "$(ulimit -H -n)"
    exec python3 "$here/compare" --ours "$ours/release" --bench "$bench/release" --scratch "$bench/performance" "$@"
    ;;
  *)
    echo "no bench is called $what" >&2
    exit 2
    ;;
esac
