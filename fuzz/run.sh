#!/usr/bin/env bash
# Runs every fuzzer for FUZZ_SECONDS (30). Needs nightly Rust; installs cargo-fuzz.
# Arguments name the fuzzers, as in `fuzz/run.sh json text`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
export CARGO_TARGET_DIR=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/fuzz-target
cargo fuzz --version >/dev/null 2>&1 || cargo install cargo-fuzz --locked
for target in "${@:-json protobuf stream text write_back}"; do
  for name in $target; do
    printf '==> %s\n' "$name"
    mkdir -p "corpus/$name"
    cargo +nightly fuzz run --fuzz-dir . "$name" "corpus/$name" "seeds/$name" -- \
      -max_total_time="${FUZZ_SECONDS:-30}" -max_len=4096
  done
done
