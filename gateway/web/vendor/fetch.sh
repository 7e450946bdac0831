#!/usr/bin/env bash
# Fetches the libraries of the page from the npm registry: one version, by its hash. Run it to change a
# version (write the new one and its `dist.integrity` here), and commit what it brings.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NAME=asciinema-player
VERSION=3.18.0
INTEGRITY=sha512-5gpt2ipFcy4NKmgkv+c/QXnJ9zMicxqWROCOuJqgwwtiYKM8Qe9hnDOvfqke5bW6M2DW/seO3uQYkQ0xeUUVtw==

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "$NAME@$VERSION" >/dev/null
archive=$NAME-$VERSION.tgz
found=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 --wrap=0)
if [[ $found != "$INTEGRITY" ]]; then
  echo "$archive is not what was expected: $found" >&2
  exit 1
fi
tar --extract --gzip --file "$archive"
target=$HERE/$NAME
mkdir -p "$target"
for file in "$NAME.min.js" "$NAME.css"; do
  cp "package/dist/bundle/$file" "$target/$file"
done
cp package/LICENSE "$target/LICENSE.txt"
printf '%s\n' "$NAME $VERSION" "$INTEGRITY" "https://www.npmjs.com/package/$NAME" >"$target/VERSION.txt"
