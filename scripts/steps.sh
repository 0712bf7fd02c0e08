# Numbered steps with their times, and a summary at the end. Sourced by the scripts beside it.

STEP=0
FAILED=0
SUMMARY=()
# One script may run another.
LOGS="${CARGO_TARGET_DIR:-target}/test-logs/$(basename "$0" .sh)"
mkdir -p "$LOGS"

# run <title> <command...>: shows the command's output when it fails, or always with VERBOSE=1.
run() {
  local title="$1" started=$SECONDS log status=0 ticker=
  shift
  STEP=$((STEP + 1))
  log="$LOGS/$(printf '%02d' "$STEP").log"
  printf '%2d  %-46s ' "$STEP" "$title"
  if [ -n "${VERBOSE:-}" ]; then
    printf '\n'
    "$@" 2>&1 </dev/null | tee "$log"
    status=${PIPESTATUS[0]}
  else
    if [ -t 1 ]; then
      while sleep 1; do printf '\r%2d  %-46s %4d s' "$STEP" "$title" $((SECONDS - started)); done &
      ticker=$!
    fi
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ -n "$ticker" ]; then
      kill "$ticker" 2>/dev/null
      wait "$ticker" 2>/dev/null
      printf '\r%2d  %-46s ' "$STEP" "$title"
    fi
  fi
  finish "$title" "$status" $((SECONDS - started))
  if [ "$status" -ne 0 ] && [ -z "${VERBOSE:-}" ]; then
    printf '    ---- the end of %s\n' "$log"
    tail -n "${LOG_LINES:-80}" "$log" | sed 's/^/    /'
    printf '    ----\n'
  fi
  return "$status"
}

finish() {
  local verdict=ok
  if [ "$2" -ne 0 ]; then
    verdict=FAILED
    FAILED=$((FAILED + 1))
  fi
  printf '%-6s %4d s\n' "$verdict" "$3"
  SUMMARY+=("$(printf '%-6s %4d s  %s' "$verdict" "$3" "$1")")
}

# left_out <title> <why>: a step that this checkout does not have.
left_out() {
  STEP=$((STEP + 1))
  printf '%2d  %-46s left out: %s\n' "$STEP" "$1" "$2"
  SUMMARY+=("$(printf '%-6s %6s  %s (%s)' "none" "" "$1" "$2")")
}

summary() {
  printf '\n== summary (%d s)\n' "$SECONDS"
  printf '   %s\n' "${SUMMARY[@]}"
  if [ "$FAILED" -ne 0 ]; then
    printf '== %d of %d steps failed; whole logs are in %s\n' "$FAILED" "$STEP" "$LOGS"
    return 1
  fi
  printf '== all green\n'
}
