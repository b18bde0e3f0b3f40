#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a root folder out of packages that are installed on this Debian
# machine: packs each as an RPM, signs it with a fresh key, and installs all of
# them with rpm, so that the folder has a real RPM database.
#
#   pack-installed.sh WORK ROOT
#
# WORK: an empty folder; gets rpms/*.rpm and key.asc, the public key.
# ROOT: the folder to install into. Needs root, because rpm changes its root.
# Documentation, manuals and translations are left out to keep it small.
set -euo pipefail

PYTHON=$(basename "$(readlink -f /usr/bin/python3)")
# These come with all that they depend on.
readonly SEEDS=(base-files bash coreutils dash diffutils findutils grep gzip
  hostname libc-bin mawk ncurses-bin perl-base sed tar python3-minimal
  "$PYTHON-minimal" "lib$PYTHON-stdlib")

die() {
  echo "pack-installed.sh: $*" >&2
  exit 3
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status} ' "$1" 2>/dev/null)" = \
    'installed ' ]
}

# Prints the packages that package $1 depends on and that are installed; of
# alternatives, the first that is.
dependencies() {
  local group name names
  dpkg-query -W -f '${Pre-Depends},${Depends}\n' "$1" | tr ',' '\n' |
    sed -E 's/\([^)]*\)//g; s/:any//g; s/[[:space:]]//g' |
    while read -r group; do
      IFS='|' read -ra names <<<"$group"
      for name in "${names[@]}"; do
        if is_installed "$name"; then
          echo "$name"
          break
        fi
      done
    done
}

# Prints the seeds and all that they need, one a line.
closure() {
  local -A seen=()
  local queue=("${SEEDS[@]}") name next
  while [ "${#queue[@]}" -gt 0 ]; do
    name=${queue[0]}
    queue=("${queue[@]:1}")
    [ -z "${seen[$name]-}" ] || continue
    seen[$name]=1
    echo "$name"
    for next in $(dependencies "$name"); do queue+=("$next"); done
  done
}

# Prints the paths of package $1 where they really are: what dpkg calls
# /bin/bash is /usr/bin/bash on a merged system.
paths() {
  local top merged='^$'
  for top in bin sbin lib lib32 lib64 libx32; do
    [ -L "/$top" ] && merged+="|^/$top/"
  done
  dpkg-query -L "$1" | grep '^/.' |
    grep -vE '^/usr/share/(doc|man|info|locale|lintian|bug)(/|$)' |
    sed -E "\\#$merged#s#^#/usr#" | sort -u
}

# Prints the spec of package $1, which ships the paths in the file $2.
spec() {
  local full version release
  full=$(dpkg-query -W -f '${Version}' "$1")
  full=${full#*:}
  version=${full%-*}
  release=1
  [ "$full" = "$version" ] || release=${full##*-}
  cat <<END
Name: $1
Version: ${version//-/_}
Release: $release
Summary: $1 as it is installed on this machine
License: as in the Debian package
AutoReqProv: no
%description
$1, packed from the files of the Debian package.
%install
mkdir -p %{buildroot}
tar -C / -c --no-recursion -T $2 | tar -x -p -C %{buildroot}
%files
%defattr(-,root,root,-)
END
  local path kind
  while read -r path; do
    kind=
    if [ -d "/$path" ] && ! [ -L "/$path" ]; then kind='%dir '; fi
    printf '%s"/%s"\n' "$kind" "${path//%/%%}"
  done <"$2"
}

# Packs package $1 below the folder $2.
pack() {
  local name=$1 work=$2 path
  local list=$work/build/$name.list
  paths "$name" | while read -r path; do
    if [ -e "$path" ] || [ -L "$path" ]; then echo "${path#/}"; fi
  done >"$list"
  spec "$name" "$list" >"$work/build/$name.spec"
  rpmbuild -bb --quiet --nodeps \
    --define "_topdir $work/build/$name" --define "_rpmdir $work/rpms" \
    --define '_build_name_fmt %%{NAME}.rpm' \
    --define '_source_filedigest_algorithm 8' \
    --define '_binary_filedigest_algorithm 8' \
    --define '_binary_payload w1.gzdio' \
    --define '__spec_install_post %{nil}' --define 'debug_package %{nil}' \
    --define '_build_id_links none' \
    "$work/build/$name.spec" >"$work/build/$name.log" 2>&1 ||
    { cat "$work/build/$name.log" >&2; die "rpmbuild of $name failed"; }
}

# Makes a key of its own and signs all packages with it.
sign() {
  export GNUPGHOME=$work/gnupg
  mkdir -m 700 "$GNUPGHOME"
  trap 'gpgconf --kill all' EXIT
  gpg --batch --quiet --pinentry-mode loopback --passphrase '' \
    --quick-gen-key 'assayfs demo <demo@example.org>' rsa4096 sign never \
    2>/dev/null || die 'gpg could not make a key'
  gpg --batch --armor --export >"$work/key.asc"
  rpmsign --define '__gpg /usr/bin/gpg' --define '_gpg_name assayfs demo' \
    --addsign "$work"/rpms/*.rpm >"$work/sign.log" 2>&1 ||
    { cat "$work/sign.log" >&2; die 'rpmsign failed'; }
}

# Installs all packages; rpm itself checks the signatures once more.
install_all() {
  local rpm=(rpm --root "$root" --dbpath /var/lib/rpm)
  mkdir -p "$root"
  "${rpm[@]}" --initdb
  "${rpm[@]}" --import "$work/key.asc"
  "${rpm[@]}" -i --nodeps --define '_pkgverify_level signature' \
    "$work"/rpms/*.rpm >"$work/install.log" 2>&1 ||
    { cat "$work/install.log" >&2; die 'rpm could not install the packages'; }
}

main() {
  [ $# -eq 2 ] || die 'give a work folder and a root folder'
  [ "$(id -u)" -eq 0 ] || die 'needs root'
  command -v dpkg-query >/dev/null || die 'needs a Debian machine (dpkg)'
  work=$(realpath "$1")
  root=$(realpath -m "$2")
  mkdir -p "$work/build" "$work/rpms"
  export -f pack paths spec die
  closure | xargs -P "$(nproc)" -I '{}' bash -c \
    "set -euo pipefail; pack '{}' '$work'"
  rm -r "$work/build"
  sign
  install_all
}

main "$@"
