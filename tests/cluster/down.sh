#!/usr/bin/env bash
# Ends the test cluster, whole or half-started, and leaves nothing of it: no
# process, mount, bridge, cgroup or file. Ends only what up.sh started.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

pid_of() { # name: its pid, when that process still is this cluster's
  local pid
  pid=$(cat "$RUN/pids/$1" 2>/dev/null) || return 0
  members "$RUN" | grep -x "$pid" || true
}

stop() { # names...: asks them to end, and insists after five seconds
  local name pid pids=()
  for name in "$@"; do
    pid=$(pid_of "$name")
    [[ -z $pid ]] || pids+=("$pid")
  done
  [[ ${#pids[@]} -gt 0 ]] || return 0
  kill -TERM "${pids[@]}" 2>/dev/null || true
  gone 50 "${pids[@]}" || kill -KILL "${pids[@]}" 2>/dev/null || true
  gone 50 "${pids[@]}" || die "did not end: ${pids[*]}"
}

gone() { # tenths of a second, pids...
  local left=$1
  shift
  while ps_any "$@"; do
    [[ $((left--)) -gt 0 ]] || return 1
    sleep 0.1
  done
}

# A zombie has ended too: its parent may never ask for it.
ps_any() {
  local pid
  for pid in "$@"; do
    [[ ! -r /proc/$pid/stat || $(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null) =~ ^(Z|)$ ]] || return 0
  done
  return 1
}

pod_cgroups() { find /sys/fs/cgroup -maxdepth 2 -type d -name "$CGROUP" 2>/dev/null || true; }

# Containers do not inherit the mark, but all of them are in our cgroup.
pod_processes() {
  local cgroup
  for cgroup in $(pod_cgroups); do
    find "$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null || true
  done | sort -un
}

kill_all() { # function that lists pids; until it lists none: what dies may have forked
  local tries pids
  for tries in {1..100}; do
    mapfile -t pids < <("$1" "$RUN")
    [[ ${#pids[@]} -gt 0 ]] || return 0
    kill -KILL "${pids[@]}" 2>/dev/null || true
    sleep 0.05
  done
  die "did not end after $tries tries: ${pids[*]}"
}

remove_shim_sockets() {
  local address
  for address in "$RUN"/containerd/state/io.containerd.runtime.v2.task/*/*/address; do
    [[ ! -f $address ]] || rm -f "$(sed 's#^unix://##' "$address")"
  done
  rmdir --ignore-fail-on-non-empty /run/containerd/s /run/containerd 2>/dev/null || true
}

# The last mount first: they lie in each other.
unmount_all() {
  local target
  awk -v under="$RUN/" 'index($2, under) == 1 { print $2 }' /proc/self/mounts | tac | while read -r target; do
    umount -l "$target" || true
  done
  ! grep -qF " $RUN/" /proc/self/mounts || die "still mounted below $RUN"
}

remove_network() {
  local bridge
  for bridge in "$POD_BRIDGE" "$NODE_BRIDGE"; do
    [[ ! -e /sys/class/net/$bridge ]] || ip link del "$bridge"
  done
}

remove_cgroups() {
  local cgroup
  for cgroup in $(pod_cgroups); do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
}

restore_sysctls() {
  local key value
  [[ -f $RUN/sysctls ]] || return 0
  while read -r key value; do
    [[ $(<"/proc/sys/$key") == "$value" ]] || echo "$value" >"/proc/sys/$key"
  done <"$RUN/sysctls"
}

# The paths that no setting moves into the run folder.
remove_outside_files() {
  local link sandbox
  for link in /var/log/containers/*; do
    [[ $(readlink "$link" || true) != "$RUN"/* ]] || rm -f "$link"
  done
  for sandbox in "$RUN"/containerd/state/io.containerd.grpc.v1.cri/sandboxes/*; do
    [[ ! -d $sandbox ]] || rm -f /var/lib/cni/results/*-"$(basename "$sandbox")"-*
  done
  rm -f /var/lib/kubelet/device-plugins/kubelet.sock
  local folder
  for folder in /var/log/containers /var/lib/cni/results /var/lib/cni /var/lib/kubelet/device-plugins /var/lib/kubelet; do
    rmdir --ignore-fail-on-non-empty "$folder" 2>/dev/null || true
  done
}

main() {
  [[ $EUID -eq 0 ]] || die "needs root, as up.sh does"
  # up.sh holds the lock when it clears the way for itself.
  [[ -n ${KGUARD_CLUSTER_LOCKED:-} ]] || lock "$CACHE/cluster/run.lock"
  refuse_other_cluster
  if [[ ! -d $RUN ]] || ! run_folder_is_ours; then
    # Removed by hand: what lies outside of it stays behind.
    kill_all pod_processes
    remove_network
    remove_cgroups
    return
  fi
  say "stopping the cluster in $RUN"
  stop kubelet # first, for it would start the pods again
  kill_all pod_processes
  stop containerd kube-scheduler kube-controller-manager kube-apiserver
  stop etcd
  kill_all members # the containerd shims, and what a half-made start left
  remove_shim_sockets
  unmount_all
  remove_network
  remove_cgroups
  restore_sysctls
  remove_outside_files
  rm -rf --one-file-system "$RUN"
}

main
