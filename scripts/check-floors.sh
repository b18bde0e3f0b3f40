#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks which way the includes of a source tree go: only down the floors,
# contracts in include/ on the standard library alone, and each third-party
# library in the one place that is its home.
#
#   check-floors.sh [ROOT]       checks ROOT (the project itself if not given)
#   check-floors.sh --self-test  makes small wrong trees, expects a complaint
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# Floor of each room; those on one floor never include each other.
readonly FLOORS='base 0 crypto 1 lists 2 trust 2 tpm 2 policy 2 appraise 3
fs 4 app 5'

# Header of a library, and the files that may include it: both extended regular
# expressions, on the name and on the path.
readonly HOMES='
(fuse|fuse3/.*|fuse_[a-z]+)[.]h  src/fs/fuse_[a-z_]+[.](cc|h)
rpm/.*       src/trust/rpm_[a-z_]+[.](cc|h)
rnp/.*       src/trust/[a-z_]+[.]cc
tss2/.*      src/tpm/esys_[a-z_]+[.]cc
p11-kit/.*   src/trust/pkcs11_[a-z]+[.](cc|h)
openssl/.*   src/((crypto|trust)/[a-z0-9_]+[.]cc|trust/openssl[.]h)
CLI/.*       src/app/[a-z_/]+[.](cc|h)
nlohmann/.*  src/app/[a-z_/]+[.](cc|h)
toml[+][+]/.*  src/app/scenario/format/toml_values[.]cc
systemd/.*   src/app/[a-z_/]+[.]cc
sys/capability[.]h  src/appraise/file_capabilities[.]cc
tl/.*        src/base/result[.]h
'

# Prints one line for each include of the tree: FILE LINE KIND NAME, where KIND
# is " or <.
list_includes() {
  find . \( -path './include/*' -o -path './src/*' \) -name '*.[ch]*' |
    sed 's|^\./||' | sort |
    xargs -r grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' |
    sed -E 's/^([^:]+):([0-9]+):[^"<]*(["<])([^">]+)[">].*/\1 \2 \3 \4/'
}

# Reads such lines and prints a complaint for each include that is not allowed.
judge_includes() {
  awk -v floors="$FLOORS" -v homes="$HOMES" '
    BEGIN {
      n = split(floors, f)
      for (i = 1; i < n; i += 2) floor[f[i]] = f[i + 1]
      home_count = split(homes, home)
    }
    function complain(why) {
      print $1 ":" $2 ": " $4 ": " why
    }
    function judge_own(room, part, target) {
      split($1, part, "/")
      room = part[2]
      split($4, part, "/")
      target = part[1]
      if (target == "assayfs") return
      if (part[1] == $4) return complain("name the room: ROOM/" $4)
      if (!(target in floor)) return complain("no such room")
      if (!(room in floor)) return complain("src/" room " has no floor")
      if (target == room) return
      if (floor[target] > floor[room]) complain("includes upwards")
      if (floor[target] == floor[room]) complain("includes sideways")
    }
    function judge_library(i) {
      for (i = 1; i < home_count; i += 2)
        if ($4 ~ "^(" home[i] ")$" && $1 !~ "^(" home[i + 1] ")$")
          complain("belongs in " home[i + 1] " only")
    }
    $1 ~ /^include\// {
      if ($3 == "\"" && $4 !~ /^assayfs\//) complain("not a contract")
      if ($3 == "<" && $4 ~ /[.\/]/) complain("not the standard library")
      next
    }
    $3 == "\"" { judge_own() }
    $3 == "<" { judge_library() }'
}

check_tree() {
  cd "$1"
  [ -d src ] || { echo "check-floors.sh: no src in $1" >&2; return 3; }
  local complaints
  complaints=$(list_includes | judge_includes) || return 3
  [ -z "$complaints" ] && return 0
  printf '%s\n' "$complaints"
  return 1
}

# expect FILE INCLUDE COMPLAINT: a tree with only that include is refused with
# that complaint; with an empty one it passes.
expect() {
  local tree said status=0
  tree=$(mktemp -d)
  mkdir -p "$tree/src" "$tree/$(dirname "$1")"
  printf '#include %s\n' "$2" >"$tree/$1"
  said=$(check_tree "$tree") || status=$?
  rm -r "$tree"
  if [ -z "$3" ] && [ "$status" -eq 0 ]; then return 0; fi
  if [ -n "$3" ] && [ "$status" -eq 1 ] && [[ $said == *"$3"* ]]; then
    return 0
  fi
  echo "self-test: $1 with $2: status $status, '$said', expected '$3'"
  failures=$((failures + 1))
}

self_test() {
  failures=0
  expect src/appraise/a.cc '"lists/tlv.h"' ''
  expect src/appraise/a.cc '"assayfs/verdict.h"' ''
  expect src/appraise/a.cc '<vector>' ''
  expect src/base/a.cc '"crypto/digest.h"' 'includes upwards'
  expect src/appraise/a.h '"fs/session.h"' 'includes upwards'
  expect src/trust/a.cc '"tpm/ima_log.h"' 'includes sideways'
  expect src/trust/a.cc '"keyring.h"' 'name the room'
  expect src/trust/a.cc '"tests/x.h"' 'no such room'
  expect src/attic/a.cc '"base/bytes.h"' 'has no floor'
  expect include/assayfs/a.h '"base/bytes.h"' 'not a contract'
  expect include/assayfs/a.h '<fuse.h>' 'not the standard library'
  expect include/assayfs/a.h '<span>' ''
  expect src/fs/fuse_ops.cc '<fuse_lowlevel.h>' ''
  expect src/fs/session.cc '<fuse_lowlevel.h>' 'belongs in'
  expect src/trust/rpm_database.cc '<rpm/rpmdb.h>' ''
  expect src/lists/rpm_header.cc '<rpm/rpmdb.h>' 'belongs in'
  expect src/trust/pkcs11_token.h '<p11-kit/uri.h>' ''
  expect src/trust/pkcs7_signer.cc '<p11-kit/uri.h>' 'belongs in'
  expect src/tpm/esys_pcr.h '<tss2/tss2_esys.h>' 'belongs in'
  expect src/crypto/hasher.cc '<openssl/evp.h>' ''
  expect src/trust/openssl.h '<openssl/evp.h>' ''
  expect src/trust/keyring.h '<openssl/evp.h>' 'belongs in'
  expect src/lists/a.cc '<openssl/evp.h>' 'belongs in'
  expect src/appraise/a.cc '<nlohmann/json.hpp>' 'belongs in'
  expect src/app/a.cc '<sys/capability.h>' 'belongs in'
  expect src/app/a.cc '<toml++/toml.h>' 'belongs in'
  [ "$failures" -eq 0 ] || return 1
  echo 'self-test: all as expected'
}

case "${1-}" in
  --self-test) self_test ;;
  *) check_tree "${1:-$here/..}" ;;
esac
