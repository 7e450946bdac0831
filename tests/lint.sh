#!/usr/bin/env bash
# What is checked without running anything: formatting, clippy, licences and
# banned crates. Warnings are errors.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
export KGUARD_CACHE=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$KGUARD_CACHE/target}

say() { printf '\n==> %s\n' "$*"; }

say 'rustfmt'
cargo fmt --all --check
say 'clippy'
cargo clippy --workspace --all-targets --locked -- -D warnings
say 'cargo-deny: bans, licences, sources'
PATH=$KGUARD_CACHE/tools/bin:$PATH
command -v cargo-deny >/dev/null || cargo install --locked --root "$KGUARD_CACHE/tools" cargo-deny
cargo deny check bans licenses sources
