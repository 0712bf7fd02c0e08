# Finds what the tests need. On Debian and its kin it installs what is missing and says so; elsewhere it
# names it. Sourced by the scripts beside it.

NODE_AT_LEAST=20
MISSING=()
PACKAGES=()

has() { command -v "$1" >/dev/null 2>&1; }

chromium_path() {
  local name
  if [ -n "${CHROMIUM:-}" ]; then
    printf '%s\n' "$CHROMIUM"
    return
  fi
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if has "$name"; then
      command -v "$name"
      return
    fi
  done
}

node_major() { node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/'; }
node_is_new() { [ "$(node_major)" -ge "$NODE_AT_LEAST" ] 2>/dev/null && has npm; }

# The version of a package that apt would install, empty when it knows none.
candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: \([0-9:]*\).*/\1/p'; }

# want <tool> <package> <what to do by hand>
want() {
  has "$1" && return
  if has apt-get; then PACKAGES+=("$2"); else MISSING+=("$1: $3"); fi
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif has sudo; then
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  else
    echo "root rights are needed, and there is no sudo here, for: $*" >&2
    return 1
  fi
}

install_packages() {
  [ "${#PACKAGES[@]}" -eq 0 ] && return
  echo "    installing with apt: ${PACKAGES[*]}"
  { as_root apt-get update -q && as_root apt-get install -q -y --no-install-recommends "${PACKAGES[@]}"; } \
    >"$LOGS/apt.log" 2>&1 </dev/null && return
  tail -n 20 "$LOGS/apt.log"
  MISSING+=("the packages ${PACKAGES[*]}: apt could not install them")
}

want_rust() {
  if has cargo; then return; fi
  # The distribution's own compiler is usually too old; rustup is packaged since Debian 13.
  if has apt-get && [ -n "$(candidate rustup)" ]; then
    PACKAGES+=(rustup)
  else
    MISSING+=("rust: install it from https://rustup.rs")
  fi
}

want_node() {
  if node_is_new; then return; fi
  if has apt-get && [ "$(candidate nodejs | cut -d. -f1)" -ge "$NODE_AT_LEAST" ] 2>/dev/null; then
    PACKAGES+=(nodejs npm)
  else
    MISSING+=("node $NODE_AT_LEAST or newer, with npm: https://nodejs.org")
  fi
}

rust_components() {
  has cargo || { has rustup && rustup default stable >/dev/null 2>&1; }
  local part
  for part in rustfmt clippy; do
    cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1 && continue
    echo "    installing with rustup: $part"
    { has rustup && rustup component add "$part" >/dev/null 2>&1; } || MISSING+=("the Rust component $part")
  done
}

find_tools() {
  want cc build-essential "a C compiler"
  want c++ build-essential "a C++ compiler"
  want make make "GNU make"
  want python3 python3 "Python 3.9 or newer"
  want openssl openssl "OpenSSL"
  [ -n "$(chromium_path)" ] || want chromium chromium "Chromium or Chrome, or its path in CHROMIUM"
  want_rust
  want_node
  install_packages
  if has cargo || has rustup; then rust_components; fi
  if [ "${#MISSING[@]}" -ne 0 ]; then
    printf '    missing: %s\n' "${MISSING[@]}"
    return 1
  fi
  CHROMIUM="$(chromium_path)"
  export CHROMIUM
  echo "    $(cargo --version), node $(node --version), $(python3 --version), $CHROMIUM"
}

# Engines beside Chromium, those of every push; with `all` the older ones too. What cannot be had is left out by the suite, which
# says why; in the continuous integration those of every push must be there.
find_engines() {
  PACKAGES=()
  MISSING=()
  has firefox || want firefox-esr firefox-esr "Firefox"
  want WebKitWebDriver webkit2gtk-driver "WebKitGTK with its WebDriver"
  want Xvfb xvfb "a virtual display"
  local folder=client-js/test/browser/engines with=(--omit=dev) last=phantomjs-1
  if [ "${1:-}" = all ]; then
    with=(--include=dev) last=phantomjs-2
    want javac default-jdk-headless "Java, with its compiler"
    if has apt-get && ! /usr/bin/python3 -c "import PyQt5.QtWebKitWidgets" 2>/dev/null; then
      PACKAGES+=(python3-pyqt5.qtwebkit)
    fi
  fi
  install_packages
  hash -r
  [ "${#MISSING[@]}" -eq 0 ] || printf '    not here: %s\n' "${MISSING[@]}"
  [ -d "$folder/node_modules/$last" ] && [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return
  # Packages that carry the engine itself: nothing of theirs is run at installation.
  npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund --loglevel=error "${with[@]}" >"$LOGS/engines.log" 2>&1 ||
    echo "    npm could not install the old engines: $LOGS/engines.log"
}

# Packages that carry the runtime itself: nothing of theirs is run at installation. What cannot be had is left out by the suite, but not
# in the continuous integration.
find_runtimes() {
  local folder=client-js/test/runtimes
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && return
  npm --prefix "$folder" ci --ignore-scripts --no-audit --no-fund --loglevel=error >"$LOGS/runtimes.log" 2>&1 ||
    echo "    npm could not install the runtimes: $LOGS/runtimes.log"
}

# Only one step needs it, so it is left out where it cannot be had.
find_valgrind() {
  PACKAGES=()
  MISSING=()
  want valgrind valgrind "valgrind"
  install_packages
  hash -r
  has valgrind
}

# Debian's packages of both. Only one step needs them, so it is left out where they cannot be had.
find_proxies() {
  local PATH="$PATH:/usr/sbin"
  PACKAGES=()
  MISSING=()
  want nginx nginx-light "nginx"
  want haproxy haproxy "haproxy"
  want openssl openssl "OpenSSL"
  install_packages
  hash -r
  has nginx && has haproxy && has openssl
}
