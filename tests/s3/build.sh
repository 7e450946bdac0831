#!/usr/bin/env bash
# Builds the S3 server of tests/streams/object_store.rs and prints where it is.
# Nothing is built twice: a second run returns at once.
set -euo pipefail

VERSION=0.14.1
DIR=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}/s3

mkdir -p "$DIR"
exec 9>"$DIR/build.lock"
flock 9
if [[ ! -x $DIR/bin/s3s-fs || ! -f $DIR/stamp || $(<"$DIR/stamp") != "$VERSION" ]]; then
  CARGO_TARGET_DIR=$DIR/target cargo install --quiet --locked --force --root "$DIR" \
    --features binary --version "$VERSION" s3s-fs
  rm -rf "$DIR/target"
  echo "$VERSION" >"$DIR/stamp"
fi
echo "$DIR/bin/s3s-fs"
