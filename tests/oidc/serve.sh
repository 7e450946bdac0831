#!/usr/bin/env bash
# Installs the test OpenID provider when needed and becomes it (see server.mjs
# for the variables it reads). With --install-only it does not start.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TARGET=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/oidc

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

install
[[ ${1:-} == --install-only ]] || exec node "$TARGET/server.mjs"
