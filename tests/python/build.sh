#!/usr/bin/env bash
# Installs Python's Kubernetes client for tests/streams/python.rs and prints
# its interpreter. A second run returns at once.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/python

mkdir -p "$(dirname "$VENV")"
exec 9>"$VENV.lock"
flock 9
if ! python3 -c 'import ensurepip' 2>/dev/null; then
  [[ $(id -u) = 0 ]] || { echo 'error: needs Python 3 with venv (Debian: python3-venv)' >&2; exit 1; }
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv; } >&2
fi
hash=$({ cat "$HERE"/{build.sh,requirements.txt}; python3 --version; } | sha256sum | cut -d' ' -f1)
if [[ ! -f $VENV/stamp || $(<"$VENV/stamp") != "$hash" ]]; then
  rm -rf "$VENV"
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt" >&2
  echo "$hash" >"$VENV/stamp"
fi
echo "$VENV/bin/python"
