#!/usr/bin/env bash
# What is too long for every change: the oldest compiler that is promised, and many more random cases.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/steps.sh

msrv="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"

oldest_compiler() {
  rustup toolchain install "$msrv" --profile minimal &&
    cargo "+$msrv" check --workspace --all-targets --locked --target-dir "${CARGO_TARGET_DIR:-target}/msrv"
}

run "everything a change must pass" scripts/test.sh
run "Rust $msrv, the oldest that is promised" oldest_compiler
run "property tests, 100 times as many" \
  env PROPTEST_CASES=25600 cargo test --release --workspace --exclude everwire-bridge --locked
# Verbose: it tells where it stands.
VERBOSE=1 run "simulation, 10,000,000 schedules" \
  env EVERWIRE_SCHEDULES=10000000 cargo test --release -p everwire-session --test simulation --locked -- --nocapture
VERBOSE=1 run "the npm client's machine, 200,000 schedules" \
  env EVERWIRE_SCHEDULES=200000 cargo test --release -p everwire-bridge --test bridge --locked -- --nocapture
larger_model() {
  EVERWIRE_MODEL=full cargo test --release -p everwire-session --test model --locked -- --nocapture in_every_order >"$LOGS/model.txt" 2>&1
  local status=$?
  cat "$LOGS/model.txt"
  return "$status"
}
run "the model of attach, 3 × 3 × 3" larger_model
grep 'unique states' "$LOGS/model.txt" | sed 's/^/    /'
run "chaos: 200 clients in bad weather, 5 minutes" "${CARGO_TARGET_DIR:-target}/debug/everwire-chaos" run --seconds 300
VERBOSE=1 run "all engines, whole" scripts/test.sh browsers
if . scripts/tools.sh && find_proxies; then
  run "behind nginx and haproxy, a minute idle" \
    env "EVERWIRE_TESTBED=${CARGO_TARGET_DIR:-target}/debug/testbed" node conformance/proxies/run.mjs --long
fi
summary
