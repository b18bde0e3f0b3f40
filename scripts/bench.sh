#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds assayfs as it is shipped, and times it side
# by side with the bare tree and with others of its kind. Prints two tables,
# and writes them as bench.md and bench.json, and plots. Needs root and some
# gigabytes of disk.
#
#   bench.sh [--quick] [--only NAME[,NAME]] [--runs N] [--out FOLDER]
#
# --help lists the names. It drops the machine's page cache again and again.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUILD=build-bench
# Debian's own Python, for which its matplotlib is.
readonly PYTHON=/usr/bin/python3

die() {
  echo "bench.sh: $*" >&2
  exit 3
}

build() {
  local targets=(src/app/assayfs tests/bench/calls tests/bench/inner
    tests/bench/make-lists)
  export CCACHE_NOHASHDIR=1
  if ! [ -f "$BUILD/build.ninja" ]; then
    local cache=
    if command -v ccache >/dev/null; then cache='ccache '; fi
    CC=${cache}gcc CXX=${cache}g++ meson setup "$BUILD" --buildtype release \
      -Dbench=true >"$BUILD.log" 2>&1 ||
      { cat "$BUILD.log"; die 'meson setup failed'; }
  fi
  ninja -C "$BUILD" "${targets[@]}" >"$BUILD.log" 2>&1 ||
    { tail -n 50 "$BUILD.log"; die 'the build failed'; }
}

[ "$(id -u)" -eq 0 ] || die 'needs root: it mounts, and drops caches'
[ -e /dev/fuse ] || die 'needs /dev/fuse; try: modprobe fuse'
scripts/install-deps.sh bench || die 'packages are missing'
build
# In namespaces of its own nothing stays mounted or running, whatever happens.
exec unshare --mount --propagation private --pid --fork --kill-child \
  --mount-proc "$PYTHON" tests/bench/main.py --build "$BUILD" "$@"
