#!/usr/bin/env bash
# Counts what a message costs in instructions and allocations, against bench/instructions/limits.json: `scripts/instructions.sh [--write]`.
# `--build` only builds what is counted. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}/instructions"
RUSTFLAGS="--cfg measuring" cargo build --quiet --release --locked --manifest-path bench/instructions/Cargo.toml --bin instructions \
  --target-dir "$target"
[ "${1:-}" = --build ] && exit
exec python3 bench/instructions/guard.py "$target/release/instructions" "$(rustc --version)" "$@"
