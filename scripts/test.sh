#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed, builds, and runs every test and check that needs no
# more than minutes. The last line is "N passed, N failed[, N skipped]".
#
#   test.sh [--all]     --all: the long tests, too
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1-}" in
  '' | --all) ;;
  *) echo "test.sh: '$1' is not --all" >&2; exit 2 ;;
esac
scripts/install-deps.sh check
if [ "${1-}" = --all ]; then
  scripts/install-deps.sh vm
  # Without one, those tests are skipped, and say so.
  if kernels=$(scripts/fetch-kernel.sh build-vm); then
    export ASSAYFS_VM_KERNELS=$kernels
  fi
fi
exec scripts/check.sh "$@"
