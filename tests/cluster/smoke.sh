#!/usr/bin/env bash
# Proves that the test cluster does what the tests build on: run, exec, logs -f,
# cp in both directions and port-forward, with each kubectl, no gateway between.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[[ -f $RUN/env ]] || die "the cluster is not up: run up.sh"
# shellcheck disable=SC1091
source "$RUN/env"
WORK=$(mktemp -d)
BACKGROUND=

clean_up() {
  [[ -z $BACKGROUND ]] || kill "$BACKGROUND" 2>/dev/null || true
  "$BIN/kubectl" --kubeconfig "$KGUARD_TEST_KUBECONFIG" delete namespace -l kguard.test/smoke --wait=false >/dev/null
  rm -rf "$WORK"
}
trap clean_up EXIT

check() { # what, expected, got
  [[ $2 == "$3" ]] || die "kubectl $VERSION $1: expected '$2', got '$3'"
}

run_pod() {
  k create namespace "$SPACE" >/dev/null
  k label namespace "$SPACE" kguard.test/smoke= >/dev/null
  local end=$((SECONDS + 20))
  until k get serviceaccount default >/dev/null 2>&1; do
    [[ $SECONDS -lt $end ]] || die "namespace $SPACE got no service account"
    sleep 0.1
  done
  k run web --image kguard.test/busybox:1 --image-pull-policy Never --restart Never \
    --overrides '{"spec":{"terminationGracePeriodSeconds":1}}' -- \
    sh -c 'echo started; echo hello >/tmp/index.html; httpd -p 8080 -h /tmp; sleep 2; echo later; sleep 3600' >/dev/null
  k wait --for condition=Ready pod/web --timeout 60s >/dev/null
}

# Starts a kubectl that does not end by itself and waits for a line of its output.
background() { # pattern, kubectl's arguments...
  local pattern=$1 end=$((SECONDS + 20))
  shift
  : >"$WORK/output"
  # Not by k: $! would be a shell's pid, and ending that leaves kubectl behind.
  "${KUBECTL[@]}" "$@" >"$WORK/output" 2>&1 &
  BACKGROUND=$!
  until grep -q "$pattern" "$WORK/output"; do
    [[ $SECONDS -lt $end ]] || die "kubectl $VERSION $*: $(<"$WORK/output")"
    sleep 0.1
  done
}

end_background() {
  kill "$BACKGROUND"
  wait "$BACKGROUND" 2>/dev/null || true
  BACKGROUND=
}

follow_logs() {
  # `later` is not written yet: only a stream that stays open can bring it.
  background later logs -f web
  check "logs -f" "started later" "$(xargs <"$WORK/output")"
  end_background
}

exec_commands() {
  check exec "root" "$(k exec web -- id -un)"
  check "exec -i" "typed" "$(echo typed | k exec -i web -- cat)"
  local status=0
  k exec web -- sh -c 'exit 7' 2>/dev/null || status=$?
  check "exec's exit code" 7 "$status"
}

copy_files() {
  head -c 3000000 /dev/urandom >"$WORK/there"
  k cp "$WORK/there" web:/tmp/there
  k cp web:/tmp/there "$WORK/back" >/dev/null
  cmp "$WORK/there" "$WORK/back" || die "kubectl $VERSION cp: the file changed on its way"
}

forward_port() {
  background '^Forwarding from 127' port-forward pod/web :8080
  local port
  port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$WORK/output")
  check port-forward "hello" "$(fetch "$port" /index.html)"
  end_background
}

fetch() { # port, path
  exec 3<>"/dev/tcp/127.0.0.1/$1"
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  tr -d '\r' <&3 | sed '1,/^$/d'
  exec 3>&-
}

k() { "${KUBECTL[@]}" "$@"; }

for VERSION in 1.27 1.30 1.33 1.34; do
  start=$EPOCHREALTIME
  SPACE=smoke-${VERSION/./-}-$RANDOM
  KUBECTL=("$BIN/kubectl-$VERSION" --kubeconfig "$KGUARD_TEST_KUBECONFIG" --namespace "$SPACE")
  [[ $(k version --client 2>/dev/null) == *v$VERSION.* ]] || die "kubectl-$VERSION has another version"
  run_pod
  follow_logs
  exec_commands
  copy_files
  forward_port
  say "kubectl $VERSION: run, logs -f, exec, cp, port-forward work ($(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms)"
done
