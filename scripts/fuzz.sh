#!/usr/bin/env bash
# Replays the corpus of every fuzz target, then looks for more: `scripts/fuzz.sh <seconds for each> [target...]`.
#
# The flags are those of cargo-fuzz without a sanitizer, of which code without `unsafe` has no use; so it needs neither cargo-fuzz nor a nightly
# compiler. What is found stands in fuzz/artifacts.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

seconds="$1"
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\(.*\)"/\1/p' fuzz/Cargo.toml | tail -n +2)

target="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage="$coverage -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
bins=()
for name in "$@"; do bins+=(--bin "$name"); done
# For the host alone: what runs while it is built must not be instrumented.
host="$(rustc -vV | sed -n 's/^host: //p')"
RUSTFLAGS="--cfg fuzzing $coverage -Ccodegen-units=1" cargo build --manifest-path fuzz/Cargo.toml --release --locked \
  --target "$host" --target-dir "$target" "${bins[@]}" || exit 1

failed=0
for name in "$@"; do
  corpus="$target/corpus/$name"
  mkdir -p "$corpus" "fuzz/artifacts/$name"
  # What it finds goes into the first folder; the committed corpus is only read.
  "$target/$host/release/$name" "$corpus" "fuzz/corpus/$name" -artifact_prefix="fuzz/artifacts/$name/" \
    -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 -max_len=4096 -print_final_stats=1 || failed=1
done
exit $failed
