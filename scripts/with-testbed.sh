#!/usr/bin/env bash
# with-testbed.sh <command...>: starts the testbed on a free port, runs the command with its URL as the
# last argument, and stops the testbed.
set -euo pipefail

testbed="${EVERWIRE_TESTBED:?the path of the testbed}"
out="$(mktemp)"
"$testbed" --port 0 >"$out" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -f "$out"' EXIT

for _ in $(seq 100); do
  url="$(sed -n 's/^listening on //p' "$out")"
  [ -n "$url" ] && break
  kill -0 "$pid" 2>/dev/null || { echo "the testbed ended at once" >&2; exit 1; }
  sleep 0.1
done
"$@" "${url:?the testbed printed no address}"
