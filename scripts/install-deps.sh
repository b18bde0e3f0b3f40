#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the packages that assayfs is built, tested and shown with, on
# Debian (12 and later) and Fedora. What is there already is left alone, and
# where all is there, nothing is asked of the network.
#
#   install-deps.sh          to build, to test and to run the demo
#   install-deps.sh check    also what scripts/check.sh needs: clang and tools
#   install-deps.sh vm       what tests in a virtual machine need, alone
#   install-deps.sh bench    also what scripts/bench.sh needs
set -euo pipefail

# One line for each need: what Debian calls it | what Fedora calls it.
readonly BUILD='
meson | meson
ninja-build | ninja-build
pkg-config | pkgconf-pkg-config
g++ | gcc-c++
git | git-core
python3 | python3
scdoc | scdoc
libfuse3-dev fuse3 | fuse3-devel fuse3
librpm-dev rpm | rpm-devel rpm-build rpm-sign
librnp-dev | librnp-devel
libtss2-dev libtss2-tcti-device0 libtss2-tcti-swtpm0 | tpm2-tss-devel tpm2-tss
libssl-dev openssl | openssl-devel openssl
libp11-kit-dev | p11-kit-devel
libsystemd-dev | systemd-devel
libcap-dev libcap2-bin | libcap-devel libcap
libexpected-dev | expected-devel
libcli11-dev | cli11-devel
nlohmann-json3-dev | json-devel
libtomlplusplus-dev | tomlplusplus-devel
libgtest-dev libgmock-dev | gtest-devel gmock-devel
tpm2-tools | tpm2-tools
swtpm swtpm-tools | swtpm swtpm-tools
ima-evm-utils | ima-evm-utils
gnupg | gnupg2
acl attr strace | acl attr strace
uidmap util-linux | shadow-utils util-linux
'
readonly CHECK='
clang-14 libclang-rt-14-dev | clang compiler-rt
clang-format-14 clang-tidy-14 | clang-tools-extra
ccache | ccache
xfsprogs btrfs-progs squashfs-tools erofs-utils | xfsprogs btrfs-progs squashfs-tools erofs-utils
e2fsprogs dpkg perl sqlite3 rsync | e2fsprogs dpkg perl sqlite rsync
softhsm2 | softhsm
fio stress-ng | fio stress-ng python3-test
dnf createrepo-c | dnf createrepo_c
fsverity | fsverity-utils
'
readonly VM='
qemu-system-x86 busybox-static | qemu-system-x86-core busybox
cpio kmod | cpio kmod
'
readonly BENCH='
bindfs fuse-overlayfs fapolicyd | bindfs fuse-overlayfs fapolicyd
libbenchmark-dev | google-benchmark-devel
python3-matplotlib | python3-matplotlib
'

die() {
  echo "install-deps.sh: $*" >&2
  exit 3
}

# Prints column $1 (1 Debian, 2 Fedora) of the table in $2.
names() {
  awk -F'|' -v column="$1" '{ print $column }' <<<"$2"
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages are missing and sudo is not here; as root, run: $*"
  fi
}

install_debian() {
  local missing=() name
  for name in $(names 1 "$1"); do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = \
      installed ] || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  as_root apt-get -q update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
    --no-install-recommends "${missing[@]}"
}

install_fedora() {
  local missing=() name
  for name in $(names 2 "$1"); do
    rpm -q --quiet --whatprovides "$name" || missing+=("$name")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  as_root dnf -q -y install "${missing[@]}"
}

main() {
  local wanted=$BUILD
  case "${1-}" in
    '') ;;
    check) wanted+=$CHECK ;;
    bench) wanted+=$BENCH ;;
    vm) wanted=$VM ;;
    *) die "'$1' is none of 'check', 'bench' and 'vm'" ;;
  esac
  if command -v apt-get >/dev/null; then
    install_debian "$wanted"
    # The tests of Python itself have its version in their name.
    [ "${1-}" != check ] || install_debian \
      "lib$(basename "$(readlink -f /usr/bin/python3)")-testsuite"
  elif command -v dnf >/dev/null; then
    install_fedora "$wanted"
  else
    die "neither apt-get nor dnf is here; install by hand: $(names 1 "$wanted" |
      tr '\n' ' ')"
  fi
}

main "$@"
