#!/usr/bin/env bash
# Builds all that the test cluster runs: Kubernetes, etcd and four kubectl
# versions from Go modules, two images from Debian's busybox. Nothing is built
# twice: a second run returns at once.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PACKAGES=(busybox-static containerd containernetworking-plugins iproute2 openssl runc)

install_packages() {
  local package missing=()
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || die "needs Debian or Ubuntu to install: ${missing[*]}"
  say "installing ${missing[*]}"
  # A fresh machine has no package lists, or stale ones that no longer resolve.
  apt_install "${missing[@]}" >/dev/null 2>&1 || {
    apt-get update -qq
    apt_install "${missing[@]}" >/dev/null
  }
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; }

# Runs a command unless it has run before with the same inputs: the named files,
# this script and the Go toolchain.
once() { # stamp name, files..., --, command...
  local stamp="$BIN/.$1.stamp" inputs=() hash
  shift
  while [[ $1 != -- ]]; do inputs+=("$1"); shift; done
  shift
  hash=$({ cat "$HERE/build.sh" "${inputs[@]}"; go version; } | sha256sum | cut -d' ' -f1)
  if [[ -f $stamp && $(<"$stamp") == "$hash" ]]; then return 0; fi
  "$@"
  echo "$hash" >"$stamp"
}

go_build() { # module folder, package, binary, Kubernetes version or "", cgo 0|1
  local version=$4 flags="-s -w" minor
  if [[ -n $version ]]; then
    minor=${version#v1.}
    minor=${minor%%.*}
    flags+=" -X k8s.io/component-base/version.gitVersion=$version"
    flags+=" -X k8s.io/component-base/version.gitMajor=1"
    flags+=" -X k8s.io/component-base/version.gitMinor=$minor"
  fi
  say "building $3${version:+ $version} (the first time: some minutes)"
  # Moved into place whole, so that a stopped build leaves no half binary.
  (cd "$1" && CGO_ENABLED=$5 go build -trimpath -buildvcs=false -mod=readonly \
    -ldflags "$flags" -o "$BIN/.new/$3" "$2")
  mv -f "$BIN/.new/$3" "$BIN/$3"
}

module_version() { awk -v m="$2" '$1 == m { print $2; exit }' "$1/go.mod"; }

build_cluster() {
  local version program
  version=$(module_version "$HERE" k8s.io/kubernetes)
  go_build "$HERE" go.etcd.io/etcd/server/v3 etcd "" 0
  for program in kube-apiserver kube-controller-manager kube-scheduler; do
    go_build "$HERE" "k8s.io/kubernetes/cmd/$program" "$program" "$version" 0
  done
  go_build "$HERE" k8s.io/kubernetes/cmd/kubelet kubelet "$version" 1
  go_build "$HERE" k8s.io/kubernetes/cmd/kubectl kubectl-1.34 "$version" 0
  ln -sfn kubectl-1.34 "$BIN/kubectl"
}

build_kubectl() { # minor release; k8s.io/kubectl v0.X.Y is kubectl v1.X.Y
  local module=$HERE/kubectl/$1 version
  version=$(module_version "$module" k8s.io/kubectl)
  go_build "$module" . "kubectl-$1" "v1.${version#v0.}" 0
}

# There is no registry to pull from, so the images are laid out by hand as
# docker-archive files, which `ctr image import` reads.
build_images() {
  say "building the images kguard.test/busybox:1 and kguard.test/pause:1"
  mkdir -p "$IMAGES"
  local work=$BIN/.new/image
  rm -rf "$work"
  mkdir -p "$work"
  busybox_layer "$work"
  pack_image "$work" busybox '["sh"]'
  pack_image "$work" pause '["sleep", "2147483647"]'
  rm -rf "$work"
}

busybox_layer() { # work folder; makes layer.tar in it
  local root=$1/root applet busybox
  busybox=$(dpkg -L busybox-static | grep '/bin/busybox$')
  mkdir -p "$root"/{bin,dev,etc,proc,root,sys,tmp,usr,var/log}
  chmod 1777 "$root/tmp"
  ln -s bin "$root/sbin"
  ln -s ../bin "$root/usr/bin"
  ln -s ../bin "$root/usr/sbin"
  cp "$busybox" "$root/bin/busybox"
  for applet in $("$busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
  done
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar_reproducibly "$1/layer.tar" "$root" .
}

pack_image() { # work folder, name, command (JSON)
  local config digest
  digest=$(sha256sum "$1/layer.tar" | cut -d' ' -f1)
  config='{"architecture":"'$(go env GOARCH)'","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":'$3'},'
  config+='"rootfs":{"type":"layers","diff_ids":["sha256:'$digest'"]}}'
  printf '%s' "$config" >"$1/config.json"
  printf '[{"Config":"config.json","RepoTags":["kguard.test/%s:1"],"Layers":["layer.tar"]}]' "$2" >"$1/manifest.json"
  tar_reproducibly "$IMAGES/$2.tar" "$1" manifest.json config.json layer.tar
}

tar_reproducibly() { # archive, folder, files...
  local archive=$1 folder=$2
  shift 2
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$folder" -cf "$archive" "$@"
}

main() {
  command -v go >/dev/null || die "needs Go"
  lock "$CACHE/cluster/build.lock"
  mkdir -p "$BIN/.new"
  install_packages
  once cluster "$HERE/go.mod" "$HERE/go.sum" -- build_cluster
  local minor
  for minor in 1.27 1.30 1.33; do
    once "kubectl-$minor" "$HERE/kubectl/$minor"/{go.mod,go.sum,main.go} -- build_kubectl "$minor"
  done
  once images -- build_images
}

main
