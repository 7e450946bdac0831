#!/usr/bin/env bash
# Measures kguard against nginx and plain kubectl, and prints one table. See README.md.
# Arguments go to `kguard-bench run`, e.g. `--only throughput --rounds 9`.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
cache=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
namespace=kguard-bench-$$

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

need() { # command, Debian package
  command -v "$1" >/dev/null && return
  [[ $(id -u) = 0 ]] || die "$1 is missing; install the package $2, or run this as root"
  say "installing $2, for $1"
  { apt-get update && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install -y --no-install-recommends "$2"; } >"$folder/apt.log" 2>&1 \
    || { tail -5 "$folder/apt.log" >&2; die "cannot install $2"; }
}

mkdir -p "$cache/bench"
# Beside the caches and not in /tmp, which may be memory: the trail has to meet a disk.
folder=$(mktemp -d "$cache/bench/run.XXXXXX")
bench=
admin() { "$KGUARD_TEST_BIN/kubectl-1.33" --kubeconfig "$KGUARD_TEST_KUBECONFIG" "$@"; }
finish() {
  if [[ -n $bench ]]; then
    kill -INT "$bench" 2>/dev/null && wait "$bench" || true
  fi
  [[ -z ${KGUARD_TEST_BIN:-} ]] || admin delete namespace "$namespace" --ignore-not-found --wait=false >/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

[[ $(nproc) -ge 2 ]] || die "two cores are needed: one for the proxies, one for the load"
PATH=$PATH:/usr/sbin
need nginx nginx-light
need taskset util-linux
need jq jq

say "building in release"
(cd "$root" && cargo build --release --quiet -p kguard-gateway -p kguard-cli -p kguard-bench)

say "starting the test cluster"
"$root/tests/cluster/up.sh" >"$folder/cluster.log" 2>&1 || { tail -5 "$folder/cluster.log" >&2; die "no cluster"; }
# shellcheck disable=SC1091
source "${KGUARD_CLUSTER_DIR:-$cache/cluster/run}/env"

admin create namespace "$namespace" >/dev/null
admin -n "$namespace" create serviceaccount bench >/dev/null
admin -n "$namespace" create rolebinding bench --clusterrole=view --serviceaccount="$namespace:bench" >/dev/null
for pod in one two three; do
  # A scheduler that does not exist: the pods are there to be listed, not to run.
  admin -n "$namespace" apply -f - >/dev/null <<POD
{apiVersion: v1, kind: Pod, metadata: {name: $pod},
 spec: {schedulerName: none, containers: [{name: main, image: none}]}}
POD
done
# One that runs, for exec. Its Secret is among the known values.
admin -n "$namespace" create rolebinding run-code --clusterrole=edit --serviceaccount="$namespace:bench" >/dev/null
admin -n "$namespace" create secret generic database --from-literal=user=shop-frontend \
  --from-literal=password=correct-horse-battery-staple --from-literal=token="$(head -c 32 /dev/urandom | base64)" >/dev/null
admin -n "$namespace" apply -f - >/dev/null <<POD
{apiVersion: v1, kind: Pod, metadata: {name: busy},
 spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: kguard.test/busybox:1,
   imagePullPolicy: Never, command: [sh, -c, 'trap exit TERM; while true; do sleep 0.2; done'],
   envFrom: [{secretRef: {name: database}}]}]}}
POD
admin -n "$namespace" wait --for=condition=Ready --timeout=60s pod/busy >/dev/null
KGUARD_TOKEN=$(admin -n "$namespace" create token bench --audience kguard --duration 1h)
export KGUARD_TOKEN

"$CARGO_TARGET_DIR/release/kguard-bench" run --folder "$folder" \
  --gateway "$CARGO_TARGET_DIR/release/kguard-gateway" \
  --client "$CARGO_TARGET_DIR/release/kguard" \
  --kubectl "$KGUARD_TEST_BIN/kubectl-1.33" --kubeconfig "$KGUARD_TEST_KUBECONFIG" \
  --gateway-kubeconfig "$KGUARD_TEST_GATEWAY_KUBECONFIG" \
  --issuer "$KGUARD_TEST_SA_ISSUER" --issuer-ca "$KGUARD_TEST_CA" \
  --namespace "$namespace" "$@" &
bench=$!
wait "$bench"
bench=
