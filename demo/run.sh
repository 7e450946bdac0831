#!/usr/bin/env bash
# Plays the five scenes that kguard was made for, with stock kubectl against a
# real cluster: a robot that writes where it must not, a robot that deletes too
# much, a pipeline that reads a Secret, a person who deletes a namespace, and a
# StatefulSet that is scaled away. Then it shows the trail and verifies it.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$HERE")
export KGUARD_CACHE=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$KGUARD_CACHE/target}
RUN=${KGUARD_CLUSTER_DIR:-$KGUARD_CACHE/cluster/run}
BIN=$CARGO_TARGET_DIR/debug
WORK=$(mktemp -d)
PIDS=()

# --- how it looks ---

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then BOLD=$'\e[1m' DIM=$'\e[2m' PLAIN=$'\e[0m'; else BOLD='' DIM='' PLAIN=''; fi
say() { printf '%s==> %s%s\n' "$DIM" "$*" "$PLAIN"; }
scene() { printf '\n%s%s%s\n\n' "$BOLD" "$*" "$PLAIN"; }
# A command as somebody typed it: with quotes where they are needed.
typed() { # who, command...
  local word line="$1\$"
  shift
  for word in "$@"; do
    [[ $word == *[[:space:]]* ]] && word="'$word'"
    line+=" $word"
  done
  printf '%s%s%s\n' "$DIM" "$line" "$PLAIN"
}
# Shows a command, runs it, and shows how it ended.
run_as() { # who, command...
  local who=$1 code=0
  typed "$@"
  shift
  as "$who" "$@" 2>&1 || code=$?
  [[ $code == 0 ]] || printf '%s(exit code %s)%s\n' "$DIM" "$code" "$PLAIN"
}

# --- who is who ---

# A person has a login in a home of his own; a robot has a token in its environment.
as() { # who, command...
  local who=$1 token=$WORK/$1.token
  shift
  local environment=(KGUARD_HOME="$WORK/home-$who" KGUARD_KUBECTL="$KGUARD_TEST_BIN/kubectl-1.34" HOME="$WORK/home-$who" PATH="$BIN:$PATH")
  [[ ! -f $token ]] || environment+=(KGUARD_GATEWAY="$GATEWAY" KGUARD_CA_FILE="$WORK/ca.pem" KGUARD_TOKEN="$(<"$token")")
  env "${environment[@]}" "$@"
}

admin() { "$KGUARD_TEST_BIN/kubectl-1.34" --kubeconfig "$KGUARD_TEST_KUBECONFIG" "$@"; }

robot() { # namespace, name
  admin -n "$1" create serviceaccount "$2" >/dev/null
  admin -n "$1" create token "$2" --audience kguard --duration 1h >"$WORK/$2.token"
}

# `kguard login` shows an address and a code; the script does what the person's browser would.
log_in() { # who
  as "$1" kguard login --gateway "$GATEWAY" --ca "$WORK/ca.pem" --insecure-storage >"$WORK/login" 2>&1 &
  local login=$! address=
  while [[ -z $address ]]; do
    sleep 0.1
    address=$(grep -o 'https://[^ ]*user_code=[^ ]*' "$WORK/login" | head -1 || true)
    kill -0 $login 2>/dev/null || break
  done
  OIDC_CA=$WORK/ca.pem node "$ROOT/tests/oidc/approve-device.mjs" "$address" "$1" >/dev/null
  wait $login || { cat "$WORK/login"; exit 1; }
}

# --- setting up ---

cluster_was_up() {
  [[ -f $RUN/ready && -f $RUN/pids/kube-apiserver ]] && kill -0 "$(<"$RUN/pids/kube-apiserver")" 2>/dev/null
}

# shellcheck disable=SC2329 # called by the trap
finish() {
  local pid
  for pid in "${PIDS[@]}"; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
  done
  if [[ -n ${STARTED:-} ]]; then
    say 'stopping the cluster'
    "$ROOT/tests/cluster/down.sh"
  elif [[ -n ${KGUARD_TEST_BIN:-} ]]; then
    clear_cluster >/dev/null 2>&1 || true
  fi
  rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

clear_cluster() {
  admin delete namespace backup scan ci shop old --ignore-not-found --wait=true
  admin delete clusterrolebinding kguard-demo --ignore-not-found
}

certificates() {
  local name
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=demo-ca \
    -keyout "$WORK/ca.key" -out "$WORK/ca.pem" 2>/dev/null
  for name in gateway provider; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
      -keyout "$WORK/$name.key" -out "$WORK/$name.csr" 2>/dev/null
    openssl x509 -req -in "$WORK/$name.csr" -CA "$WORK/ca.pem" -CAkey "$WORK/ca.key" -days 2 \
      -extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost) -out "$WORK/$name.pem" 2>/dev/null
  done
}

await() { # what, command...
  local what=$1
  shift
  for _ in {1..600}; do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  printf 'error: waited in vain for %s\n' "$what" >&2
  tail -20 "$WORK"/*.log >&2
  exit 1
}

start_provider() {
  OIDC_CERT=$WORK/provider.pem OIDC_KEY=$WORK/provider.key OIDC_TOKEN_TTL=3600 PORT=0 \
    "$ROOT/tests/oidc/serve.sh" >"$WORK/provider.log" 2>&1 &
  PIDS+=($!)
  await 'the OpenID provider' grep -q issuer "$WORK/provider.log"
  ISSUER=$(grep -o 'https://127[^"]*' "$WORK/provider.log" | head -1)
}

start_gateway() {
  mkdir "$WORK/policies"
  cp "$ROOT/policies/starter.yaml" "$HERE/policies.yaml" "$WORK/policies"
  cat >"$WORK/gateway.yaml" <<YAML
apiVersion: kguard.dev/v1alpha1
kind: GatewayConfig
listen: 127.0.0.1:0
tls: {certFile: $WORK/gateway.pem, keyFile: $WORK/gateway.key}
stateDir: $WORK/state
policies: $WORK/policies
clusters:
- name: demo
  kubeconfig: {path: $KGUARD_TEST_GATEWAY_KUBECONFIG}
issuers:
- kind: person
  issuer: {url: "$ISSUER", audiences: [kguard], certificateAuthorityFile: $WORK/ca.pem}
  claimMappings:
    username: {claim: sub, prefix: ""}
    groups: {claim: groups, prefix: ""}
  clientID: kguard
  scopes: [openid, profile, groups, offline_access]
- kind: workload
  issuer: {url: "$KGUARD_TEST_SA_ISSUER", audiences: [kguard], certificateAuthorityFile: $KGUARD_TEST_CA}
  serviceAccounts: true
auditors: ["group:sre"]
YAML
  NO_COLOR=1 "$BIN/kguard-gateway" serve --config "$WORK/gateway.yaml" >"$WORK/gateway.log" 2>&1 &
  PIDS+=($!)
  await 'the gateway' grep -q listening "$WORK/gateway.log"
  GATEWAY=https://$(grep -o '127.0.0.1:[0-9]*' "$WORK/gateway.log" | head -1)
}

# The situation of the story: robots whose accounts may do far too much.
populate() {
  clear_cluster >/dev/null 2>&1
  local namespace
  for namespace in backup scan ci shop old; do admin create namespace "$namespace" >/dev/null; done
  admin create clusterrolebinding kguard-demo --clusterrole=cluster-admin --user=alice --user=bob \
    --serviceaccount=backup:backup --serviceaccount=scan:scanner --serviceaccount=ci:pipeline >/dev/null
  robot backup backup
  robot scan scanner
  robot ci pipeline
  admin -n shop create deployment web --image=kguard.test/busybox:1 >/dev/null
  admin -n ci create secret generic registry --from-literal=password=hunter2 >/dev/null
  admin -n old create configmap leftovers --from-literal=a=b >/dev/null
  admin -n shop apply -f - >/dev/null <<YAML
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 5
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      nodeSelector: {demo: none}
      containers: [{name: db, image: "kguard.test/busybox:1", imagePullPolicy: Never}]
YAML
}

# Starts a command that will be held, and shows it up to the line to pass on.
ask_as() { # who, command...
  local who=$1
  typed "$@"
  shift
  : >"$WORK/held"
  as "$who" "$@" >"$WORK/held" 2>&1 &
  ASKING=$!
  await 'a hold' grep -q 'kguard approve' "$WORK/held"
  HOLD=$(grep -o 'kguard approve [a-z0-9]*' "$WORK/held" | head -1)
  HOLD=${HOLD##* }
  cat "$WORK/held"
  SHOWN=$(wc -l <"$WORK/held")
}

# Shows how the command that was held went on.
answer() {
  local code=0
  wait "$ASKING" || code=$?
  tail -n "+$((SHOWN + 1))" "$WORK/held"
  [[ $code == 0 ]] || printf '%s(exit code %s)%s\n' "$DIM" "$code" "$PLAIN"
}

cd "$ROOT"
say 'the cluster: real Kubernetes, built from source the first time (about 15 minutes)'
cluster_was_up || STARTED=yes
tests/cluster/up.sh
# shellcheck source=/dev/null
source "$RUN/env"
say 'kguard and kguard-gateway'
cargo build --workspace --locked --bins
say 'an OpenID provider, a gateway, and a cluster full of robots that may do too much'
certificates
start_provider
start_gateway
populate
log_in alice
log_in bob
say "alice (developer) and bob (group sre) have logged in to $GATEWAY with \`kguard login\`"

scene '1. The backup job writes where it must not: refused'
run_as backup kguard kubectl -n shop create configmap backup-state --from-literal=at=now
run_as backup kguard kubectl -n backup create configmap backup-state --from-literal=at=now

scene '2. The scanner deletes a deployment: held, and denied by an approver'
ask_as scanner kguard kubectl -n shop delete deployment web
run_as bob kguard deny "$HOLD" --comment 'scanners look, they do not delete'
printf '%sscanner, meanwhile:%s\n' "$DIM" "$PLAIN"
answer
run_as bob kguard kubectl -n shop get deployment web

scene '3. A pipeline reads a Secret: masked'
run_as pipeline kguard kubectl -n ci get secret registry -o yaml
run_as pipeline sh -c "kguard kubectl -n ci get secret registry -o jsonpath={.data.password} | base64 -d; echo"

scene '4. A person deletes a namespace: held, approved, done'
ask_as alice kguard --reason 'migrated last week' kubectl delete namespace old
run_as bob kguard approve "$HOLD" --yes
printf '%salice, meanwhile:%s\n' "$DIM" "$PLAIN"
answer

scene '5. A StatefulSet is scaled below half: held'
ask_as alice kguard kubectl -n shop scale statefulset db --replicas=1
run_as bob kguard requests "$HOLD"
run_as bob kguard deny "$HOLD" --comment 'not during the sale'
printf '%salice, meanwhile:%s\n' "$DIM" "$PLAIN"
answer

scene 'The trail, and the proof that nobody altered it'
run_as bob kguard audit list --limit 500 --decision deny
run_as bob kguard audit list --limit 500 --decision hold
run_as bob kguard audit verify

say 'done; the README says how to try it with your own cluster'
