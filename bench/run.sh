#!/usr/bin/env bash
# Builds what a bench needs, release throughout, and runs it; what each prints stands in README.md.
#   bench/run.sh spike [--runs N] [--seconds S] [--only SCENARIO] [--server NAME=PATH]...
#   bench/run.sh negotiation [--runs N] [--only opening,blocked,mute,moves] [--place node,Chromium]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=${CARGO_TARGET_DIR:-$here/../target}

packages() { [ -d "$1/node_modules" ] || (cd "$1" && npm ci --no-audit --no-fund); }

if [ "${1:-}" = negotiation ]; then
  shift
  packages "$here/../client-js"
  packages "$here/negotiation"
  (cd "$here/../client-js" && npm run --silent build) >&2
  cargo build --quiet --release --manifest-path "$here/../Cargo.toml" -p testbed
  TESTBED="$root/release/testbed" exec node "$here/negotiation/main.mjs" "$@"
fi

cargo build --quiet --release --manifest-path "$here/../Cargo.toml" -p testbed
cargo build --quiet --release --manifest-path "$here/Cargo.toml"
ulimit -n "$(ulimit -H -n)"
own=${CARGO_TARGET_DIR:-$here/target}
exec python3 "$here/compare.py" --bin "$own/release" --server "direct=$root/release/testbed" "$@"
