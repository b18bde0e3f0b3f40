#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints a folder that has boot/vmlinuz-VERSION and lib/modules/VERSION, for
# tests in a virtual machine: / if this machine has them, else one below the
# folder given, into which Debian's kernel is unpacked. Nothing is installed.
#
#   fetch-kernel.sh FOLDER
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: fetch-kernel.sh FOLDER" >&2; exit 2; }

for modules in /lib/modules/*/kernel; do
  version=$(basename "$(dirname "$modules")")
  if [ -d "$modules" ] && [ -e "/boot/vmlinuz-$version" ]; then
    echo /
    exit
  fi
done
mkdir -p "$1"
cd "$1"
if [ ! -d kernel/lib/modules ]; then
  command -v apt-get >/dev/null ||
    { echo "fetch-kernel.sh: no kernel here, and no apt-get" >&2; exit 3; }
  package=$(apt-cache depends linux-image-amd64 |
    awk '/Depends:/ { print $2; exit }')
  apt-get -q download "$package" >&2
  rm -rf kernel.new
  dpkg-deb -x "$package"_*.deb kernel.new
  mv kernel.new kernel
  rm -f "$package"_*.deb
fi
pwd | sed 's|$|/kernel|'
