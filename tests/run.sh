#!/usr/bin/env bash
# Sets up what the tests need and runs all of them: the real cluster, the
# OpenID provider, the binaries, then unit and system tests. Arguments go to the
# system tests, as in `tests/run.sh holds::`.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$HERE")
export KGUARD_CACHE=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$KGUARD_CACHE/target}
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}
LOG=$(mktemp)

say() { printf '\n==> %s\n' "$*"; }

# A cluster that was running before goes on running; one of ours ends with us.
RUN=${KGUARD_CLUSTER_DIR:-$KGUARD_CACHE/cluster/run}
cluster_was_up() {
  [[ -f $RUN/ready && -f $RUN/pids/kube-apiserver ]] && kill -0 "$(<"$RUN/pids/kube-apiserver")" 2>/dev/null
}

# shellcheck disable=SC2329 # called by the trap
finish() {
  rm -f "$LOG"
  if [[ -n ${STARTED:-} ]]; then
    say 'stopping the cluster'
    "$HERE/cluster/down.sh"
  fi
}
trap finish EXIT
trap 'exit 130' INT TERM

cd "$ROOT"
say 'the test cluster: Kubernetes built from source, the first time for about 15 minutes'
cluster_was_up || STARTED=yes
"$HERE/cluster/up.sh"
say 'the OpenID provider'
"$HERE/oidc/serve.sh" --install-only
say 'the oracle of expressions'
"$HERE/cel/build.sh"
say 'helm'
"$HERE/helm/build.sh"
say "Python's Kubernetes client"
"$HERE/python/build.sh"
say 'Chromium'
"$HERE/browser/build.sh"
say 'the object store'
"$HERE/s3/build.sh"
say 'tmux and sshd'
{ command -v tmux && command -v ssh && [[ -x /usr/sbin/sshd ]]; } || {
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq tmux openssh-client openssh-server
}
say 'the binaries'
cargo build --workspace --locked
code=0
say 'unit tests, and programs that must not compile'
cargo test --workspace --locked --lib --bins 2>&1 | tee -a "$LOG" || code=1
cargo test --workspace --locked --exclude kguard --tests 2>&1 | tee -a "$LOG" || code=1
say 'system tests: real API server, kubelet, kubectl, provider'
cargo test --locked --test system -- --test-threads="${KGUARD_TEST_THREADS:-4}" "$@" 2>&1 |
  tee -a "$LOG" || code=1

count() { awk -v word="$1;" '/^test result: / { for (i = 2; i <= NF; i++) if ($i == word) sum += $(i - 1) } END { print sum + 0 }' "$LOG"; }
passed=$(count passed)
failed=$(count failed)
# A run whose tests did not compile has no result to count.
[[ $code == 0 || $failed != 0 ]] || failed=1
finish
trap - EXIT
printf '\n%s passed, %s failed\n' "$passed" "$failed"
exit "$code"
