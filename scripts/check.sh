#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the project's checks, each a shell function below with its name.
#
#   check.sh [--all] [NAME...]     NAME: gcc clang asan tsan tidy format floors
#                                  man fuzz-corpus fuzz demo
#
# Without names: those that take minutes on two cores: all but clang (asan
# compiles the same), tidy, fuzz-corpus (gcc has it) and fuzz (a minute for each
# target). --all includes suite "long", a minute of attacks instead of seconds,
# four times as many sequences, and a tree of a million files.
# Ends with "N passed, N failed", and ", N skipped" where there are any: test
# cases of gcc count one by one, every other check counts as one.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3

readonly DEFAULT=(floors format man gcc demo asan tsan)
readonly SECONDS_PER_FUZZ_TARGET=60
readonly SKIPPED=77

# For ccache, if it is here: the same files in another checkout are the same.
export CCACHE_NOHASHDIR=1

test_args=(--no-suite long)
targets=()
passed=0
failed=0
skipped=0

say() {
  printf '== %s\n' "$*"
}

# Prints the first of the commands that is here; fails if none is.
first_of() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null && echo "$name" && return 0
  done
  echo "check.sh: none of these is here: $*; run scripts/install-deps.sh" \
    "check" >&2
  return 1
}

# build FOLDER CC CXX MESON_ARGUMENT...: configures once, then builds $targets,
# or all. The output is shown only if it fails. ccache is used if it is here.
build() {
  local folder=$1 cc=$2 cxx=$3 log=$1.log
  shift 3
  if ! [ -f "$folder/build.ninja" ]; then
    if command -v ccache >/dev/null; then
      cc="ccache $cc"
      cxx="ccache $cxx"
    fi
    CC=$cc CXX=$cxx meson setup "$folder" "$@" >"$log" 2>&1 ||
      { cat "$log"; return 1; }
  fi
  ninja -C "$folder" "${targets[@]}" >"$log" 2>&1 ||
    { grep -vE "^\[[0-9]+/[0-9]+\]" "$log" | head -n 200; return 1; }
}

# Sanitized programs are not optimized: that halves the time to compile them,
# and reports name the right lines.
readonly SANITIZED=(--werror --optimization 0 -Ddebug=false -Dcpp_args=-g1)

# They run nothing of the machine, and attack for a shorter time.
sanitized_tests() {
  local test_args=(--no-suite long --no-suite system)
  ASSAYFS_ADVERSARY_SECONDS=5 ASSAYFS_SEQUENCES=200 run_tests "$@"
}

# run_tests FOLDER TIMEOUT_MULTIPLIER: leaves "passed failed skipped" in counts.
run_tests() {
  local summary
  rm -f "$1"/meson-logs/testlog.*
  # One after the other, because they share two cores and the mount table.
  meson test -C "$1" --no-rebuild --quiet --timeout-multiplier "$2" \
    --num-processes 1 \
    "${test_args[@]}" >"$1/tests.log" 2>&1
  local status=$?
  summary=$(scripts/summarize-tests.py "$1") ||
    { cat "$1/tests.log"; return 1; }
  sed '$d' <<<"$summary"
  read -ra counts <<<"${summary##*$'\n'}"
  say "$1: ${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped"
  [ "${counts[1]}" -eq 0 ] && [ "$status" -eq 0 ]
}

clang_c() { first_of clang-14 clang; }
clang_cxx() { first_of clang++-14 clang++; }

check_gcc() {
  build build gcc g++ && run_tests build 1
}

check_clang() {
  local cc cxx
  cc=$(clang_c) && cxx=$(clang_cxx) || return 1
  build build-clang "$cc" "$cxx" --werror && run_tests build-clang 1
}

check_asan() {
  local cc cxx
  cc=$(clang_c) && cxx=$(clang_cxx) || return 1
  build build-asan "$cc" "$cxx" "${SANITIZED[@]}" -Db_lundef=false \
    -Db_sanitize=address,undefined || return 1
  ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    sanitized_tests build-asan 3
}

check_tsan() {
  build build-tsan gcc g++ "${SANITIZED[@]}" -Db_sanitize=thread || return 1
  TSAN_OPTIONS=second_deadlock_stack=1 sanitized_tests build-tsan 6
}

check_tidy() {
  local tidy cc cxx
  tidy=$(first_of run-clang-tidy-14 run-clang-tidy) && cc=$(clang_c) &&
    cxx=$(clang_cxx) || return 1
  [ -f build-clang/build.ninja ] ||
    CC=$cc CXX=$cxx meson setup build-clang --werror >/dev/null || return 1
  "$tidy" -quiet -p build-clang "$PWD/src/.*\.cc$" >build-clang/tidy.log \
    2>/dev/null && return 0
  grep -E -A4 'warning:|error:' build-clang/tidy.log
  return 1
}

check_format() {
  local tool
  tool=$(first_of clang-format-14 clang-format) || return 1
  find include src tests \( -name '*.cc' -o -name '*.h' \) -print0 |
    xargs -0 "$tool" --dry-run --Werror
}

check_floors() {
  scripts/check-floors.sh --self-test && scripts/check-floors.sh
}

# Every page must be valid scdoc.
check_man() {
  local page
  for page in man/*.scd; do
    scdoc <"$page" >/dev/null || { echo "in $page"; return 1; }
  done
}

check_fuzz_corpus() {
  local test_args=(--suite fuzz)
  build build gcc g++ && run_tests build 1
}

check_fuzz() {
  local cc cxx name work status=0 targets=(tests/fuzz/*_fuzz.cc)
  targets=("${targets[@]%.cc}")
  cc=$(clang_c) && cxx=$(clang_cxx) || return 1
  build build-fuzz "$cc" "$cxx" -Dfuzz=true -Db_lundef=false \
    -Db_sanitize=address,undefined || return 1
  for name in "${targets[@]}"; do
    name=$(basename "$name" _fuzz)
    work=$(mktemp -d)
    say "$name for $SECONDS_PER_FUZZ_TARGET s"
    "build-fuzz/tests/fuzz/${name}_fuzz" -timeout=10 -rss_limit_mb=2048 \
      -max_total_time="$SECONDS_PER_FUZZ_TARGET" \
      -artifact_prefix="build-fuzz/$name-" "$work" \
      "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1 ||
      { tail -n 60 "build-fuzz/$name.log"; status=1; }
    tail -n 1 "build-fuzz/$name.log"
    rm -r "$work"
  done
  return "$status"
}

check_demo() {
  if [ "$(id -u)" -ne 0 ] || ! [ -e /dev/fuse ]; then
    echo "needs root and /dev/fuse"
    return "$SKIPPED"
  fi
  scripts/demo.sh
}

function_of() {
  echo "check_${1//-/_}"
}

run_check() {
  local status=0 start=$SECONDS
  say "$1"
  counts=()
  "$(function_of "$1")" || status=$?
  say "$1: $((SECONDS - start)) s"
  if [ "$1" = gcc ] && [ "${#counts[@]}" -eq 3 ]; then
    passed=$((passed + counts[0]))
    failed=$((failed + counts[1]))
    skipped=$((skipped + counts[2]))
    # Meson is not content, though no test is to blame.
    [ "$status" -ne 0 ] && [ "${counts[1]}" -eq 0 ] && failed=$((failed + 1))
  elif [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
  elif [ "$status" -eq "$SKIPPED" ]; then
    skipped=$((skipped + 1))
  else
    echo "FAILED check $1"
    failed=$((failed + 1))
  fi
}

main() {
  local name
  if [ "${1-}" = --all ]; then
    test_args=()
    export ASSAYFS_ADVERSARY_SECONDS=60 ASSAYFS_LIMIT_FILES=1000000
    shift
  else
    export ASSAYFS_SEQUENCES=${ASSAYFS_SEQUENCES-2500}
  fi
  [ $# -gt 0 ] || set -- "${DEFAULT[@]}"
  for name in "$@"; do
    declare -F "$(function_of "$name")" >/dev/null || {
      echo "check.sh: there is no check '$name'" >&2
      exit 2
    }
  done
  # Real packages that this project does not hold.
  local data=$PWD/../shared/data
  if [ -z "${ASSAYFS_TEST_DATA-}" ] && [ -d "$data" ]; then
    ASSAYFS_TEST_DATA=$(realpath "$data")
    export ASSAYFS_TEST_DATA
  fi
  [ -n "${ASSAYFS_TEST_DATA-}" ] ||
    echo "no ASSAYFS_TEST_DATA: tests on real packages are skipped"
  for name in "$@"; do run_check "$name"; done
  local line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
  echo "$line"
  [ "$failed" -eq 0 ]
}

main "$@"
