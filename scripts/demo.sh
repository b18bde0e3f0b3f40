#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job from end to end, on real programs. Packs packages that are
# installed on this Debian machine as signed RPMs, installs them into a root
# folder, makes digest lists from its RPM database, starts a software TPM,
# mounts the folder with enforcement, and shows in seven steps what that does.
#
# Prints "ok N ..." or "FAILED N ...: WHAT" for each step. Exit status 0 if all
# went well, 1 if a step failed, 3 if it could not be tried. Needs root.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 3
export LC_ALL=C.UTF-8

readonly PCR=12
readonly BUILD=build
assayfs=$PWD/$BUILD/src/app/assayfs
# What any one command of the demo may take.
readonly LIMIT=(timeout 60)

work=
swtpm_pid=
daemon_pid=
failed_steps=0
problems=

die() {
  echo "demo.sh: $*" >&2
  exit 3
}

note() {
  printf -- '-- %s\n' "$*"
}

# Undoes all that was done, in any state.
clean_up() {
  [ -n "$work" ] || return 0
  if mountpoint -q "$mnt"; then umount "$mnt" || umount -l "$mnt"; fi
  if [ -n "$daemon_pid" ]; then
    timeout 10 tail --pid="$daemon_pid" -f /dev/null || kill "$daemon_pid"
  fi
  if [ -n "$swtpm_pid" ]; then
    kill "$swtpm_pid" 2>/dev/null
    wait "$swtpm_pid" 2>/dev/null
  fi
  rm -rf --one-file-system "$work"
}

# Preparation ---------------------------------------------------------------

build_program() {
  note 'building'
  if ! [ -f "$BUILD/build.ninja" ]; then
    meson setup "$BUILD" >"$work/build.log" 2>&1 ||
      { cat "$work/build.log"; die 'meson setup failed'; }
  fi
  ninja -C "$BUILD" src/app/assayfs >"$work/build.log" 2>&1 ||
    { tail -n 50 "$work/build.log"; die 'the build failed'; }
}

# Prints a port of this machine that is free, as the next one is, too.
free_ports() {
  python3 - <<'END'
import socket
while True:
    with socket.socket() as data, socket.socket() as control:
        data.bind(("127.0.0.1", 0))
        port = data.getsockname()[1]
        try:
            control.bind(("127.0.0.1", port + 1))
        except OSError:
            continue
        print(port)
        break
END
}

start_tpm() {
  local port
  port=$(free_ports) || die 'no free port'
  mkdir "$work/tpm"
  swtpm socket --tpm2 --tpmstate dir="$work/tpm" \
    --server type=tcp,bindaddr=127.0.0.1,port="$port" \
    --ctrl type=tcp,bindaddr=127.0.0.1,port=$((port + 1)) \
    --flags not-need-init,startup-clear >"$work/swtpm.log" 2>&1 &
  swtpm_pid=$!
  tcti=swtpm:host=127.0.0.1,port=$port
  export TPM2TOOLS_TCTI=$tcti
  local try
  for ((try = 0; try < 50; try++)); do
    tpm2_pcrread -Q "sha256:$PCR" >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  cat "$work/swtpm.log"
  die 'swtpm does not answer'
}

prepare() {
  note 'packing, signing and installing packages of this machine'
  mkdir "$work/packages" "$mnt"
  scripts/pack-installed.sh "$work/packages" "$root" || die 'no packages'
  # A chroot has no /dev of its own, and perl -e reads /dev/null.
  mknod -m 666 "$root/dev/null" c 1 3
  local packages=("$work"/packages/rpms/*.rpm)
  [ "${#packages[@]}" -ge 20 ] || die "only ${#packages[@]} packages"
  "$assayfs" lists gen "rpmdb:$root" -o "$lists" >"$work/gen.log" ||
    die 'assayfs lists gen failed'
  list_count=$(find "$lists" -type f | wc -l)
  [ "$list_count" -eq "${#packages[@]}" ] ||
    die "$list_count lists of ${#packages[@]} packages"
  note "$list_count packages installed, $list_count lists made"
  start_tpm
  options=(--lists "$lists" --keys "$work/packages/key.asc" --mode enforce
    --tpm required --tcti "$tcti" --pcr "$PCR" --log-file "$log")
  "${LIMIT[@]}" "$assayfs" mount "${options[@]}" "$root" "$mnt" ||
    die 'assayfs mount failed'
  mountpoint -q "$mnt" || die "$mnt is no mount point"
  daemon_pid=$(status pid) || die 'assayfs status failed'
  note "mounted, with enforcement and a software TPM"
}

# Checks --------------------------------------------------------------------

# Runs a command within the limit; functions see to it themselves.
limited() {
  if declare -F "$1" >/dev/null; then "$@"; else "${LIMIT[@]}" "$@"; fi
}

# expect WHAT COMMAND...: notes WHAT as a problem of this step if the command
# fails.
expect() {
  local what=$1 said
  shift
  said=$(limited "$@" 2>&1 >/dev/null </dev/null) && return 0
  problems+="${problems:+; }$what (${said##*$'\n'})"
}

# As expect, but the command must be refused with EACCES.
expect_refused() {
  local what=$1 said status=0
  shift
  said=$(limited "$@" 2>&1 >/dev/null </dev/null) || status=$?
  [ "$status" -ne 0 ] && [[ $said == *'Permission denied'* ]] && return 0
  problems+="${problems:+; }$what (status $status: ${said##*$'\n'})"
}

# step NUMBER TITLE FUNCTION
step() {
  problems=
  detail=
  "$3"
  if [ -z "$problems" ]; then
    echo "ok $1 $2${detail:+: $detail}"
  else
    echo "FAILED $1 $2: $problems"
    failed_steps=$((failed_steps + 1))
  fi
}

# Reads JSON from stdin and prints what the Python expression $1 makes of it,
# called j; extra words are in argv.
json() {
  local expression=$1
  shift
  python3 -c "import json, sys
argv = sys.argv[1:]
j = json.load(sys.stdin)
print($expression)" "$@"
}

# Prints one value of `assayfs status`, such as tpm.extends.
status() {
  "${LIMIT[@]}" "$assayfs" status --json "$mnt" |
    json "__import__('functools').reduce(lambda a, k: a[k], \
argv[0].split('.'), j)" "$1"
}

# says_why FILE REASON [PACKAGE]: does `assayfs why` refuse the file for that
# reason, and name a list of the package that expects other content?
says_why() {
  local answer
  answer=$("${LIMIT[@]}" "$assayfs" why --json "$1")
  [ $? -eq 1 ] || { echo "why did not say no: $answer" >&2; return 1; }
  json "'yes' if j['reason'] == argv[0] and (len(argv) == 1 or any(
    argv[1] in e['list'] for e in j['expected'])) else j" "${@:2}" \
    <<<"$answer" | tee "$work/why" | grep -qx yes || {
    cat "$work/why" >&2
    return 1
  }
}

in_chroot() {
  "${LIMIT[@]}" chroot "$mnt" /usr/bin/env -i PATH=/usr/bin:/bin "$@"
}

in_run() {
  "${LIMIT[@]}" "$assayfs" run "${options[@]}" "$root" -- "$@"
}

# Prints the list file of a package.
list_of() {
  local found=("$lists"/*rpm-"$1"-[0-9]*)
  echo "${found[0]}"
}

change_byte() {
  printf '\xff' | "${LIMIT[@]}" dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# Steps ---------------------------------------------------------------------

# shellcheck disable=SC2016  # the shell inside expands these
programs_run() {
  local runner
  for runner in in_chroot in_run; do
    expect "bash, $runner" "$runner" bash -c '[ "$((6 * 7))" = 42 ]'
    expect "a pipeline, $runner" "$runner" bash -c 'set -o pipefail
      [ "$(printf "b\na\nb\n" | sort | uniq | tr "\n" , | sed s/a/A/)" = A,b, ]'
    expect "python3 and its modules, $runner" "$runner" python3 -c '
import collections, decimal, json, sqlite3
assert json.loads("[1]") == [1]'
    expect "perl, $runner" "$runner" perl -e \
      'use POSIX; exit(POSIX::floor(1.5) != 1)'
  done
}

aliens_are_refused() {
  local alien=usr/bin/alien
  cp "$root/usr/bin/true" "$root/$alien"
  printf x >>"$root/$alien"
  expect_refused 'open' cat "$mnt/$alien"
  expect_refused 'exec' "$mnt/$alien"
  expect_refused 'exec in a chroot' in_chroot bash -c /$alien
  expect_refused 'exec in assayfs run' in_run bash -c /$alien
  expect 'why says unknown-content' says_why "$mnt/$alien" unknown-content
}

change_through_the_mount() {
  local file=usr/bin/tac
  cp -p "$root/$file" "$work/saved"
  expect 'first allowed' cat "$mnt/$file"
  expect 'the change' change_byte "$mnt/$file" 4000
  expect_refused 'open after the change' cat "$mnt/$file"
  expect_refused 'exec after the change' "$mnt/$file" --version
  expect 'why says modified' says_why "$mnt/$file" modified coreutils
  expect 'putting it back' dd if="$work/saved" of="$mnt/$file" conv=notrunc
  expect 'allowed again' cmp "$mnt/$file" "$work/saved"
}

change_below_the_mount() {
  local file=usr/bin/shuf before
  cp -p "$root/$file" "$work/saved"
  expect 'first allowed' cat "$mnt/$file"
  before=$(stat -c '%s %Y' "$root/$file")
  change_byte "$root/$file" 4000
  touch -r "$work/saved" "$root/$file"
  expect 'size and mtime are the same' \
    [ "$before" = "$(stat -c '%s %Y' "$root/$file")" ]
  expect_refused 'open after the change' cat "$mnt/$file"
  expect_refused 'exec after the change' "$mnt/$file" --version
  dd if="$work/saved" of="$root/$file" conv=notrunc status=none
  expect 'allowed again' cmp "$mnt/$file" "$work/saved"
}

remove_a_list() {
  local list
  list=$(list_of coreutils)
  expect 'first allowed' cat "$mnt/usr/bin/sort"
  mv "$list" "$work/list"
  expect_refused 'open without the list' cat "$mnt/usr/bin/sort"
  expect_refused 'exec without the list' "$mnt/usr/bin/sort" --version
  expect 'files of other lists' cat "$mnt/usr/bin/grep"
  mv "$work/list" "$list"
  expect 'allowed again' cat "$mnt/usr/bin/sort"
}

flip_a_bit() {
  local list
  list=$(list_of grep)
  cp -p "$list" "$work/list"
  expect 'first allowed' cat "$mnt/usr/bin/grep"
  # Bit 0 of a byte in the middle of the header, which the signature covers.
  python3 - "$list" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    content = bytearray(file.read())
    content[len(content) // 2] ^= 1
    file.seek(0)
    file.write(content)
END
  expect_refused 'open with a bad list' cat "$mnt/usr/bin/grep"
  expect 'files of other lists' cat "$mnt/usr/bin/sed"
  detail=$(status lists.rejected)
  expect 'status names the list' \
    test "${detail/$(basename "$list")/}" != "$detail"
  detail=
  cp -p "$work/list" "$list"
  expect 'allowed again' cat "$mnt/usr/bin/grep"
}

tpm_agrees() {
  local in_tpm in_log extends records opened
  # evmctl wants all PCRs, in order, in this form.
  tpm2_pcrread "sha256:$(seq -s , 0 23)" |
    awk '/0x/ { printf "PCR-%02d: %s\n", $1, tolower(substr($NF, 3)) }' \
      >"$work/pcrs"
  in_tpm=$(sed -n "s/^PCR-$PCR: //p" "$work/pcrs")
  in_log=$("$assayfs" log replay --json --pcr "$PCR" --bank sha256 "$log" |
    json "j['pcrs'][0]['value']")
  expect "the PCR, $in_tpm, equals the replay" [ "$in_tpm" = "$in_log" ]
  evmctl ima_measurement --pcrs "sha256,$work/pcrs" "$log" \
    >"$work/evmctl.log" 2>&1
  expect "evmctl agrees: $(tail -n 1 "$work/evmctl.log")" \
    grep -q 'Matched per TPM bank' "$work/evmctl.log"
  extends=$(status tpm.extends)
  records=$("$assayfs" log show --ascii "$log" | wc -l)
  opened=$(status verdicts.allowed)
  expect "$extends extends for $list_count lists" \
    [ "$extends" -eq "$list_count" ]
  expect "$records records for $list_count lists" \
    [ "$records" -eq "$list_count" ]
  expect 'status says anchored' [ "$(status tpm.state)" = anchored ]
  detail="$extends extends, $list_count lists, $opened opens allowed"
}

main() {
  SECONDS=0
  [ "$(id -u)" -eq 0 ] || die 'needs root: it mounts and changes roots'
  [ -e /dev/fuse ] || die 'needs /dev/fuse; try: modprobe fuse'
  scripts/install-deps.sh || die 'packages are missing'
  work=$(mktemp -d)
  root=$work/root
  mnt=$work/mnt
  lists=$work/lists
  log=$work/measurements
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP
  build_program
  SECONDS=0
  prepare
  step 1 'programs run inside the judged root file system' programs_run
  step 2 'an alien binary is refused' aliens_are_refused
  step 3 'a byte changed through the mount is noticed' \
    change_through_the_mount
  step 4 'a byte changed below the mount is noticed' change_below_the_mount
  step 5 'a list removed takes its files along' remove_a_list
  step 6 'a list with a flipped bit is rejected, others stay' flip_a_bit
  step 7 'the TPM agrees with the log' tpm_agrees
  note "$SECONDS s, $failed_steps of 7 steps failed"
  [ "$failed_steps" -eq 0 ]
}

main "$@"
