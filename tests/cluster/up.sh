#!/usr/bin/env bash
# Starts a whole one-node Kubernetes on this machine, in the background. Does
# nothing when it already runs; clears away the rest of a broken one first.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PKI=$RUN/pki
LOGS=$RUN/logs
PIDS=$RUN/pids
KUBECTL=("$BIN/kubectl" --kubeconfig "$RUN/admin.kubeconfig")

# --- certificates and kubeconfigs ---

make_ca() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/ca.key"
  openssl req -x509 -new -key "$PKI/ca.key" -days 3650 -subj /CN=kguard-test-ca \
    -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature -out "$PKI/ca.crt"
  cp "$PKI/ca.crt" "$RUN/ca.crt"
}

make_cert() { # name, subject, [subject alternative names]
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/$1.key"
  openssl req -new -key "$PKI/$1.key" -subj "$2" -out "$PKI/$1.csr"
  {
    echo basicConstraints=CA:FALSE
    echo keyUsage=critical,digitalSignature
    echo extendedKeyUsage=serverAuth,clientAuth
    [[ -z ${3:-} ]] || echo "subjectAltName=$3"
  } >"$PKI/$1.ext"
  openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -days 3650 \
    -set_serial "0x$(openssl rand -hex 8)" -extfile "$PKI/$1.ext" -out "$PKI/$1.crt" 2>/dev/null
}

make_kubeconfig() { # name of a certificate, file
  cat >"$2" <<EOF
apiVersion: v1
kind: Config
current-context: kguard-test
clusters:
- name: kguard-test
  cluster:
    server: $SERVER
    certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
contexts:
- name: kguard-test
  context: {cluster: kguard-test, user: $1}
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$PKI/$1.crt")
    client-key-data: $(base64 -w0 "$PKI/$1.key")
EOF
}

make_credentials() {
  local loopback=IP:127.0.0.1,DNS:localhost
  make_ca
  openssl genrsa -traditional -out "$PKI/service-account.key" 2048 2>/dev/null
  openssl rsa -in "$PKI/service-account.key" -pubout -out "$PKI/service-account.pub" 2>/dev/null
  make_cert etcd /CN=etcd "$loopback"
  make_cert kube-apiserver /CN=kube-apiserver \
    "$loopback,IP:$NODE_IP,IP:10.99.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  make_cert apiserver-kubelet-client /O=system:masters/CN=apiserver-kubelet-client
  make_cert kubelet "/O=system:nodes/CN=system:node:$NODE" "IP:$NODE_IP,DNS:$NODE"
  make_cert kube-controller-manager /CN=system:kube-controller-manager "$loopback"
  make_cert kube-scheduler /CN=system:kube-scheduler "$loopback"
  make_cert admin /O=system:masters/CN=admin
  make_cert kguard-gateway /CN=kguard-gateway
  local name
  for name in kubelet kube-controller-manager kube-scheduler; do
    make_kubeconfig "$name" "$PKI/$name.kubeconfig"
  done
  make_kubeconfig admin "$RUN/admin.kubeconfig"
  make_kubeconfig kguard-gateway "$RUN/gateway.kubeconfig"
}

# --- processes ---

launch() { # name, program, arguments...
  local name=$1
  shift
  # An empty environment: a proxy variable of the caller would catch the API
  # server's calls to the kubelet. The usual umask: pods that do not run as root
  # read files which the node makes. Descriptor 9 is the lock, not theirs to hold.
  (
    umask 022
    exec env -i PATH="$BIN:$PATH" HOME="$RUN" "$MEMBER_VARIABLE=$RUN" setsid "$@"
  ) </dev/null >>"$LOGS/$name.log" 2>&1 9>&- &
  echo $! >"$PIDS/$name"
}

wait_for() { # what, name of the process it depends on, seconds, command...
  local what=$1 name=$2 end=$((SECONDS + $3))
  shift 3
  until "$@" >/dev/null 2>&1; do
    kill -0 "$(<"$PIDS/$name")" 2>/dev/null || fail "$name ended" "$name"
    [[ $SECONDS -lt $end ]] || fail "no $what in time" "$name"
    sleep 0.2
  done
}

fail() { # message, name of the log to show
  tail -n 30 "$LOGS/$2.log" >&2
  die "$1; its log: $LOGS/$2.log"
}

start_etcd() {
  local tls=(--cert-file "$PKI/etcd.crt" --key-file "$PKI/etcd.key" --client-cert-auth --trusted-ca-file "$PKI/ca.crt")
  # The data lives as long as the test cluster: no need to wait for the disk.
  launch etcd "$BIN/etcd" --name kguard-test --data-dir "$RUN/etcd" --unsafe-no-fsync --log-level warn "${tls[@]}" \
    --listen-client-urls "https://127.0.0.1:$ETCD_PORT" --advertise-client-urls "https://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-advertise-peer-urls "http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-cluster "kguard-test=http://127.0.0.1:$ETCD_PEER_PORT"
}

start_apiserver() {
  cp "$HERE/audit-policy.yaml" "$RUN/audit-policy.yaml"
  # blocking: a test reads the audit log right after the request it made.
  launch kube-apiserver "$BIN/kube-apiserver" \
    --bind-address 127.0.0.1 --secure-port "$API_PORT" --advertise-address "$NODE_IP" \
    --tls-cert-file "$PKI/kube-apiserver.crt" --tls-private-key-file "$PKI/kube-apiserver.key" \
    --client-ca-file "$PKI/ca.crt" --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction \
    --etcd-servers "https://127.0.0.1:$ETCD_PORT" --etcd-cafile "$PKI/ca.crt" \
    --etcd-certfile "$PKI/etcd.crt" --etcd-keyfile "$PKI/etcd.key" \
    --service-cluster-ip-range "$SERVICE_SUBNET" --endpoint-reconciler-type none --allow-privileged \
    --service-account-issuer "$SERVER" --service-account-jwks-uri "$SERVER/openid/v1/jwks" \
    --service-account-signing-key-file "$PKI/service-account.key" \
    --service-account-key-file "$PKI/service-account.pub" \
    --kubelet-preferred-address-types InternalIP --kubelet-certificate-authority "$PKI/ca.crt" \
    --kubelet-client-certificate "$PKI/apiserver-kubelet-client.crt" \
    --kubelet-client-key "$PKI/apiserver-kubelet-client.key" \
    --audit-policy-file "$RUN/audit-policy.yaml" --audit-log-path "$RUN/audit.log" --audit-log-mode blocking
}

start_controllers() {
  local name port
  for name in kube-controller-manager:$CONTROLLER_PORT kube-scheduler:$SCHEDULER_PORT; do
    port=${name#*:} name=${name%:*}
    local flags=(--kubeconfig "$PKI/$name.kubeconfig" --leader-elect=false --bind-address 127.0.0.1 --secure-port "$port"
      --authentication-kubeconfig "$PKI/$name.kubeconfig" --authorization-kubeconfig "$PKI/$name.kubeconfig"
      --tls-cert-file "$PKI/$name.crt" --tls-private-key-file "$PKI/$name.key")
    if [[ $name == kube-controller-manager ]]; then
      flags+=(--root-ca-file "$PKI/ca.crt" --service-account-private-key-file "$PKI/service-account.key"
        --cluster-signing-cert-file "$PKI/ca.crt" --cluster-signing-key-file "$PKI/ca.key"
        --use-service-account-credentials --flex-volume-plugin-dir "$RUN/kubelet/volume-plugins")
    fi
    launch "$name" "$BIN/$name" "${flags[@]}"
  done
}

# --- the node ---

# What the node changes outside its folder; down.sh puts the values back.
save_sysctls() {
  local key
  for key in net/ipv4/ip_forward vm/overcommit_memory kernel/panic kernel/panic_on_oops; do
    echo "$key $(<"/proc/sys/$key")"
  done >"$RUN/sysctls"
}

make_node_network() {
  ip link add "$NODE_BRIDGE" type bridge
  ip addr add "$NODE_IP/32" dev "$NODE_BRIDGE"
  ip link set "$NODE_BRIDGE" up
  mkdir -p "$RUN/cni"
  cat >"$RUN/cni/10-pods.conflist" <<EOF
{
  "cniVersion": "0.4.0",
  "name": "kguard-test",
  "plugins": [{
    "type": "bridge",
    "bridge": "$POD_BRIDGE",
    "isGateway": true,
    "ipam": {
      "type": "host-local",
      "dataDir": "$RUN/cni/addresses",
      "ranges": [[{"subnet": "$POD_SUBNET"}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
EOF
}

# cgroup v1 has a tree for each controller, v2 one for all.
make_pod_cgroup() {
  local tree
  if [[ -f /sys/fs/cgroup/cgroup.controllers ]]; then
    mkdir -p "/sys/fs/cgroup/$CGROUP"
    return
  fi
  for tree in /sys/fs/cgroup/*/; do
    [[ -L ${tree%/} ]] || mkdir -p "$tree$CGROUP" 2>/dev/null || true
  done
}

start_containerd() {
  cat >"$RUN/containerd.toml" <<EOF
version = 2
root = "$RUN/containerd/root"
state = "$RUN/containerd/state"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
address = "$RUN/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "kguard.test/pause:1"
# Without CAP_SYS_RESOURCE runc cannot lower oom_score_adj, and every pod would
# die with "can't get final child's PID from pipe: EOF".
restrict_oom_score_adj = true
# The namespaces' mounts then lie in the run folder, where down.sh finds them.
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$RUN/cni"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "$RUN/containerd/runc"
SystemdCgroup = false
EOF
  launch containerd containerd --config "$RUN/containerd.toml"
}

start_kubelet() {
  mkdir -p "$RUN/kubelet"
  cat >"$RUN/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $NODE_IP
port: $KUBELET_PORT
healthzPort: $KUBELET_HEALTH_PORT
tlsCertFile: $PKI/kubelet.crt
tlsPrivateKeyFile: $PKI/kubelet.key
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI/ca.crt}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://$RUN/containerd.sock
podLogsDir: $RUN/pod-logs
volumePluginDir: $RUN/kubelet/volume-plugins
resolvConf: ""
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
makeIPTablesUtilChains: false
# The disk of a developer's machine may be nearly full: evict and collect nothing.
evictionHard: {memory.available: 10Mi, nodefs.available: 0.1%, imagefs.available: 0.1%, nodefs.inodesFree: 0.1%}
imageGCHighThresholdPercent: 100
EOF
  launch kubelet "$BIN/kubelet" --config "$RUN/kubelet.yaml" --root-dir "$RUN/kubelet" \
    --kubeconfig "$PKI/kubelet.kubeconfig" --hostname-override "$NODE" --node-ip "$NODE_IP"
}

import_images() {
  local image
  for image in busybox pause; do
    ctr --address "$RUN/containerd.sock" -n k8s.io image import --snapshotter native "$IMAGES/$image.tar" >/dev/null
  done
}

# --- all of it ---

write_env() {
  local name
  {
    for name in KUBECONFIG="$RUN/admin.kubeconfig" GATEWAY_KUBECONFIG="$RUN/gateway.kubeconfig" SERVER="$SERVER" \
      CA="$RUN/ca.crt" AUDIT_LOG="$RUN/audit.log" SA_ISSUER="$SERVER" BIN="$BIN"; do
      printf 'export KGUARD_TEST_%s=%q\n' "${name%%=*}" "${name#*=}"
    done
  } >"$RUN/env"
}

node_ready() {
  [[ $("${KUBECTL[@]}" get node "$NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}') == True ]]
}

# A pod is refused until its namespace has the default service account.
pods_allowed() { "${KUBECTL[@]}" -n default get serviceaccount default; }

# What this cluster was made from: when it changed, the running one is stale.
fingerprint() { cat "$HERE"/{common,build,up}.sh "$HERE"/*.yaml "$HERE/go.sum" | sha256sum; echo "$PORT_BASE"; }

healthy() {
  [[ -f $RUN/ready && $(<"$RUN/ready") == "$(fingerprint)" ]] || return 1
  local pid_file pid ours
  ours=$(members "$RUN")
  for pid_file in "$PIDS"/*; do
    pid=$(<"$pid_file")
    grep -qx "$pid" <<<"$ours" || return 1
  done
  "${KUBECTL[@]}" get --raw /readyz >/dev/null 2>&1 && node_ready
}

refuse_unsafe() {
  [[ $EUID -eq 0 ]] || die "needs root: it runs a kubelet"
  # The kubelet's device socket has a fixed path, and more than it may be in use.
  [[ ! -e /var/lib/kubelet/config.yaml && ! -e /var/lib/kubelet/pki ]] || die "this machine already is a Kubernetes node"
  # The longest socket path below the run folder must fit in 107 bytes.
  [[ ${#RUN} -le 80 ]] || die "the path of the run folder is too long for a socket: $RUN"
  [[ ! -d $RUN || -z $(ls -A "$RUN") ]] || run_folder_is_ours || die "not a cluster's run folder: $RUN"
}

start_all() {
  umask 077
  mkdir -p "$RUN"
  touch "$RUN/.kguard-cluster"
  mkdir -p "$PKI" "$LOGS" "$PIDS"
  say "starting the cluster in $RUN"
  save_sysctls
  make_credentials
  start_etcd
  make_node_network
  start_apiserver
  start_containerd
  make_pod_cgroup
  wait_for "answer from containerd" containerd 20 ctr --address "$RUN/containerd.sock" version
  import_images
  wait_for "/readyz of the API server" kube-apiserver 90 "${KUBECTL[@]}" get --raw /readyz
  start_controllers
  start_kubelet
  "${KUBECTL[@]}" apply -f "$HERE/gateway-rbac.yaml" >/dev/null
  wait_for "default service account" kube-controller-manager 60 pods_allowed
  wait_for "ready node" kubelet 90 node_ready
  write_env
  fingerprint >"$RUN/ready"
  say "the cluster is up after ${SECONDS}s: source $RUN/env"
}

main() {
  "$HERE/build.sh"
  lock "$CACHE/cluster/run.lock"
  refuse_unsafe
  refuse_other_cluster
  if healthy; then
    say "the cluster is already up: source $RUN/env"
    return
  fi
  KGUARD_CLUSTER_LOCKED=1 "$HERE/down.sh"
  SECONDS=0
  start_all
}

main
