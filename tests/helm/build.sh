#!/usr/bin/env bash
# Builds helm for tests/masking/helm.rs and prints where it is. Nothing is
# built twice: a second run returns at once.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BIN=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/helm

command -v go >/dev/null || { echo 'error: needs Go' >&2; exit 1; }
mkdir -p "$BIN"
exec 9>"$BIN/build.lock"
flock 9
hash=$({ cat "$HERE"/{build.sh,tools.go,go.mod,go.sum}; go version; } | sha256sum | cut -d' ' -f1)
if [[ ! -x $BIN/helm || ! -f $BIN/stamp || $(<"$BIN/stamp") != "$hash" ]]; then
  # Moved into place whole, so that a stopped build leaves no half binary.
  (cd "$HERE" && CGO_ENABLED=0 go build -trimpath -buildvcs=false -mod=readonly -o "$BIN/helm.new" helm.sh/helm/v3/cmd/helm)
  mv -f "$BIN/helm.new" "$BIN/helm"
  echo "$hash" >"$BIN/stamp"
fi
echo "$BIN/helm"
