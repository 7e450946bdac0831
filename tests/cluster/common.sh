# Paths and names that the scripts of this folder share. Sourced, never run.
# shellcheck shell=bash disable=SC2034

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CACHE=${KGUARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kguard}
BIN=$CACHE/cluster/bin
IMAGES=$CACHE/cluster/images
RUN=${KGUARD_CLUSTER_DIR:-$CACHE/cluster/run}

NODE=kguard-node
NODE_IP=10.97.0.1       # on a bridge of its own: the kubelet refuses loopback
NODE_BRIDGE=kgnode
POD_BRIDGE=kgpods
POD_SUBNET=10.98.0.0/24
SERVICE_SUBNET=10.99.0.0/24
CGROUP=kguard-test      # every pod's cgroup is below this one

PORT_BASE=${KGUARD_CLUSTER_PORT_BASE:-26440}
API_PORT=$PORT_BASE
ETCD_PORT=$((PORT_BASE + 1))
ETCD_PEER_PORT=$((PORT_BASE + 2))
KUBELET_PORT=$((PORT_BASE + 3))
KUBELET_HEALTH_PORT=$((PORT_BASE + 4))
CONTROLLER_PORT=$((PORT_BASE + 5))
SCHEDULER_PORT=$((PORT_BASE + 6))
SERVER=https://127.0.0.1:$API_PORT

say() { printf '==> %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# One script at a time: two test runs may start at once. The lock lies beside
# the run folder, which down.sh deletes, and goes with the script's descriptor 9.
lock() {
  mkdir -p "$(dirname "$1")"
  exec 9>"$1"
  flock 9
}

# Every process of the cluster carries this variable in its environment (the
# containerd shims inherit it), so a pid that was handed out anew to a stranger
# is never taken for ours, and a half-started cluster can still be found.
MEMBER_VARIABLE=KGUARD_CLUSTER_MEMBER

members() { # [run folder]: pids of the cluster's processes; without: of any such cluster
  if [[ $# -gt 0 ]]; then
    grep -lszxF -- "$MEMBER_VARIABLE=$1" /proc/[0-9]*/environ
  else
    grep -lsz -- "^$MEMBER_VARIABLE=" /proc/[0-9]*/environ
  fi | cut -d/ -f3 || true
}

# The node's bridges, address and cgroup exist once on a machine, so does the cluster.
refuse_other_cluster() {
  local others
  others=$(comm -13 <(members "$RUN" | sort) <(members | sort))
  [[ -z $others ]] || die "a test cluster with another run folder is up (pids: ${others//$'\n'/ })"
}

# Whether the run folder may be deleted: a folder that was named by hand only
# when up.sh left its mark in it.
run_folder_is_ours() { [[ $RUN == "$CACHE/cluster/run" || -f $RUN/.kguard-cluster ]]; }
