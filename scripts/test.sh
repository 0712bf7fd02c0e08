#!/usr/bin/env bash
# Everything a change must pass, in numbered steps. Without arguments all groups; else those named:
# tools lint rust client conformance browser dialects proxies fuzz chaos; browsers, which is for the night, only when named. VERBOSE=1 shows all output.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
. scripts/steps.sh
. scripts/tools.sh

TARGET="${CARGO_TARGET_DIR:-$PWD/target}"
export EVERWIRE_TESTBED="$TARGET/debug/testbed"

tools() {
  local started=$SECONDS status=0
  STEP=$((STEP + 1))
  printf '%2d  what the tests need\n' "$STEP"
  find_tools || status=1
  printf '    '
  finish "what the tests need" "$status" $((SECONDS - started))
  if [ "$status" -ne 0 ]; then
    summary
    exit 1
  fi
}

lint() {
  run "rustfmt" cargo fmt --all --check
  run "clippy, warnings denied" cargo clippy --workspace --all-targets --locked -- -D warnings
  run "clippy, with the mutants" cargo clippy -p everwire-session --all-targets --features mutants --locked -- -D warnings
  run "Rust docs, warnings denied" env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
  client_deps && npm_step "client: types" lint
}

rust() {
  run "Rust: unit, vectors, simulation, integration" \
    env "EVERWIRE_SCHEDULES=${EVERWIRE_SCHEDULES:-200000}" cargo test --workspace --exclude everwire-bridge --locked
  run "Rust: mutants, each caught by the simulation" \
    cargo test -p everwire-session --features mutants --test mutants --locked -- --nocapture
  if find_valgrind; then
    run "Rust: instructions and allocations of a message" scripts/instructions.sh
  else
    left_out "Rust: instructions and allocations of a message" "valgrind is not here: install it"
  fi
}

client() {
  client_deps || return 1
  npm_step "client: unit and vectors" test
  run "client: its machine in 5,000 schedules" env EVERWIRE_SCHEDULES=5000 cargo test -p everwire-bridge --locked
  npm_step "client: dist is what the source builds" check:dist
  dist
  npm_step "client: the legacy file is ES3" check:es3
  npm_step "client: size budgets" size
}

conformance() {
  if [ ! -f conformance/client.py ]; then
    left_out "conformance: the client in Python" "no conformance/client.py yet"
    return 0
  fi
  testbed || return 1
  if client_deps; then
    npm_step "client: over paths that fail" test:integration
    run "client: under a hostile server, in node" node conformance/hostile/run.mjs --clients node
    find_runtimes
    npm_step "client: node 18 and 26, Deno and Bun" test:runtimes
  fi
  run "conformance: the client in Python" scripts/with-testbed.sh python3 conformance/client.py
  run "conformance: attacks, 1 s each, 10 s together" python3 conformance/attacks/run.py --testbed "$EVERWIRE_TESTBED" --seconds 1 --together 10
  run "conformance: attacks over TLS, 10 s together" python3 conformance/attacks/run.py --testbed "$EVERWIRE_TESTBED" --tls --seconds 0 --together 10
  run "conformance: the server from outside" python3 conformance/blackbox/run.py --testbed "$EVERWIRE_TESTBED"
}

browser() {
  if [ ! -d client-js/test/browser ]; then
    left_out "browser suite" "no client-js/test/browser yet"
    return 0
  fi
  client_deps && testbed || return 1
  npm_step "browser suite: Chromium" test:chromium
  find_engines
  npm_step "browser suite: the engines of every push" test:engines
  npm_step "browser suite: Content-Security-Policy" test:policy
  npm_step "browser suite: texts that would run as code" test:markup
  npm_step "browser suite: a page's life" test:lifecycle -- --check websocket,streaming
  npm_step "browser suite: many tabs" test:tabs
  npm_step "browser suite: TLS and HTTP/2" test:tls
  npm_step "browser suite: workers" test:worker
  npm_step "npm package: packed, bundled by three, run" test:package
  find_runtimes
  npm_step "npm package: the recipes of its README" test:recipes
}

# All engines, all transports: for the night, or when asked for.
browsers() {
  client_deps && testbed || return 1
  npm_step "browser suite: Chromium" test:chromium
  npm_step "browser suite: Content-Security-Policy" test:policy
  npm_step "browser suite: texts that would run as code" test:markup
  npm_step "browser suite: a page's life" test:lifecycle
  npm_step "browser suite: many tabs" test:tabs
  npm_step "browser suite: TLS and HTTP/2" test:tls
  npm_step "browser suite: workers" test:worker
  find_engines all
  VERBOSE=1 run "browser suite: all engines, whole" npm --prefix client-js run --silent test:engines -- --whole
}

# Other protocols' own clients.
dialects() {
  client_deps && clients_deps && testbed || return 1
  run "Socket.IO's clients, in node and Chromium" npm --prefix conformance/clients run --silent test:socketio
  run "Socket.IO's clients in bad weather" npm --prefix conformance/clients run --silent test:chaos -- --seconds 15
  if python_client; then
    run "Socket.IO's client in Python" "$TARGET/python-client/bin/python" conformance/clients/socket_io/python.py "$EVERWIRE_TESTBED"
  else
    left_out "Socket.IO's client in Python" "pip could not install it"
  fi
  run "SockJS's client, in node and Chromium" npm --prefix conformance/clients run --silent test:sockjs
  run "SockJS's clients in bad weather" npm --prefix conformance/clients run --silent chaos:sockjs -- --seconds 15
  # There if the browser suite has been here before.
  run "SockJS's client, in PhantomJS 1.9.8" npm --prefix conformance/clients run --silent test:phantom
  run "one room with clients of each kind" npm --prefix conformance/clients run --silent test:room
  run "the applications that move, in the documents" npm --prefix conformance/clients run --silent test:migrate
}

python_client() {
  local venv="$TARGET/python-client"
  "$venv/bin/python" -c "import socketio" 2>/dev/null ||
    { python3 -m venv "$venv" && "$venv/bin/pip" install -q -r conformance/clients/socket_io/requirements.txt; } >"$LOGS/pip.log" 2>&1
}

proxies() {
  client_deps && testbed || return 1
  if ! find_proxies; then
    left_out "behind nginx and haproxy" "they are not here: install both"
    return 0
  fi
  run "behind nginx and haproxy" node conformance/proxies/run.mjs
  run "bad input through nginx" python3 conformance/blackbox/run.py --testbed "$EVERWIRE_TESTBED" --nginx
}

# EVERWIRE_SEED replays a run's weather; the seed stands in its output.
chaos() {
  client_deps && testbed || return 1
  run "chaos: 200 clients in bad weather" "$TARGET/debug/everwire-chaos" run --seconds 45
  run "a server restarts under 500 clients" "$TARGET/debug/everwire-chaos" storm --sessions 500
}

# The corpus of each target, then what 10 s find beyond it.
fuzz() {
  run "fuzzing, 10 s for each target" scripts/fuzz.sh 10
}

# Each runs once, however many groups ask for them.
client_deps() {
  [ -n "${CLIENT_READY:-}" ] && return
  if [ ! -f client-js/package-lock.json ]; then
    left_out "client" "no client-js/package-lock.json yet"
    return 1
  fi
  # Fresh enough is what npm wrote after the lock file last changed.
  if [ -z "${CI:-}" ] && [ client-js/node_modules/.package-lock.json -nt client-js/package-lock.json ]; then
    CLIENT_READY=1
    return
  fi
  run "client: npm ci" npm --prefix client-js ci --no-audit --no-fund && CLIENT_READY=1
}

clients_deps() {
  [ -n "${CLIENTS_READY:-}" ] && return
  if [ -z "${CI:-}" ] && [ conformance/clients/node_modules/.package-lock.json -nt conformance/clients/package-lock.json ]; then
    CLIENTS_READY=1
    return
  fi
  run "dialects: npm ci" npm --prefix conformance/clients ci --no-audit --no-fund && CLIENTS_READY=1
}

dist() {
  [ -n "${DIST_READY:-}" ] && return
  npm_step "client: dist builds" build && DIST_READY=1
}

testbed() {
  [ -n "${TESTBED_READY:-}" ] && return
  # It has dist inside.
  client_deps && dist
  # With all targets the features are those of the tests, and so nothing is compiled a second time.
  run "testbed builds" cargo build --workspace --all-targets --locked && TESTBED_READY=1
}

# npm_step <title> <script> <its arguments...>
npm_step() {
  local title="$1"
  shift
  run "$title" npm --prefix client-js run --silent "$@"
}

printf '== Everwire: what a change must pass\n'
for group in "${@:-tools lint rust client conformance browser dialects proxies fuzz chaos}"; do
  for name in $group; do
    case "$name" in
      tools | lint | rust | client | conformance | browser | browsers | dialects | proxies | fuzz | chaos) "$name" ;;
      *) echo "no such group: $name" >&2; exit 2 ;;
    esac
  done
done
summary
