#!/usr/bin/env bash
# What is too long for every change: the oldest compiler that is promised, many more random cases, worse weather, more engines.
#
# On two idle cores it takes about two hours and a half, in minutes: what a change must pass 20, the oldest compiler 3, release build 8,
# simulation 13, the npm client's machine 11, model 5, chaos 6, crowds 18, attacks 42, all engines 15, proxies 5. The model needs 8 GB of memory.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/steps.sh
. scripts/tools.sh

msrv="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
target="${CARGO_TARGET_DIR:-$PWD/target}"
export EVERWIRE_TESTBED="$target/debug/testbed"

# shown <title> <command...>: a long step, which tells where it stands.
shown() {
  local title="$1" asked="${VERBOSE:-}"
  shift
  VERBOSE=1 run "$title" env "VERBOSE=$asked" "$@"
}

oldest_compiler() {
  rustup toolchain install "$msrv" --profile minimal --no-self-update &&
    cargo "+$msrv" check --workspace --all-targets --locked --target-dir "$target/msrv"
}

shown "everything a change must pass" scripts/test.sh
run "Rust $msrv, the oldest that is promised" oldest_compiler
run "release build, 100 times as many random cases" \
  env PROPTEST_CASES=25600 cargo test --release --workspace --exclude everwire-bridge --locked
shown "simulation, 10,000,000 schedules" \
  env EVERWIRE_SCHEDULES=10000000 cargo test --release -p everwire-session --test simulation --locked -- --nocapture
shown "the npm client's machine, 200,000 schedules" \
  env EVERWIRE_SCHEDULES=200000 cargo test --release -p everwire-bridge --test bridge --locked -- --nocapture
shown "both decoders of packets on 1,000,000 inputs" \
  env EVERWIRE_DECODED=1000000 cargo test --release -p everwire-bridge --test decoders --locked -- --nocapture
shown "fuzzing, 60 s for each target" scripts/fuzz.sh 60
shown "the model of attach, 3 × 3 × 3" \
  env EVERWIRE_MODEL=full cargo test --release -p everwire-session --test model --locked -- --nocapture in_every_order
# The built client is in the server and in its opponents; both are made anew should a step above not have come to it.
run "client: dist builds" npm --prefix client-js run --silent build
run "testbed builds" cargo build --workspace --all-targets --locked
shown "chaos: 200 clients in bad weather, 5 minutes" "$target/debug/everwire-chaos" run --seconds 300
# Half of the clients take two connections.
ulimit -n "$(ulimit -Hn)"
shown "a server restarts under 5,000 clients" "$target/debug/everwire-chaos" storm
shown "10,000 sessions, 100 of them new in each second, 10 minutes" "$target/debug/everwire-chaos" hold
shown "500 of 2,000 subscribers stop reading" "$target/debug/everwire-chaos" slow
attacks() { shown "attacks $1" python3 conformance/attacks/run.py --testbed "$target/debug/testbed" --seconds 20 --together 120 "${@:2}"; }
attacks "on 256 MiB, 20 s each, 2 minutes together"
attacks "over TLS, the same" --tls
shown "all engines, whole" scripts/test.sh browsers
CHROMIUM="$(chromium_path)"
export CHROMIUM
if find_proxies; then
  run "behind nginx and haproxy, a minute idle" node conformance/proxies/run.mjs --long
else
  left_out "behind nginx and haproxy, a minute idle" "they are not here: install both"
fi
summary
