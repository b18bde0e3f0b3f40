# SPDX-License-Identifier: Apache-2.0
"""The tree that all contestants show, and signed lists of it.

Each part is a folder of the tree that some workloads need, made by one
function. Contents are the same in every run.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import sysconfig

from mounts import run

PAGE = 4096
POOL = random.Random(1).randbytes(1 << 24)  # what file contents are cut from


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def content(number, size):
    """Returns bytes that no other number has; size: at least 20."""
    start = number * 7919 % (len(POOL) // 2)
    head = b"%019d\n" % number
    body = bytearray(head)
    while len(body) < size:
        body += POOL[start:start + size - len(body)]
    return bytes(body[:size])


def make_files(folder, sizes, per_folder=200):
    """Makes one file for each size, so many in each folder."""
    for number, size in enumerate(sizes):
        where = os.path.join(folder, f"d{number // per_folder:03d}")
        if number % per_folder == 0:
            os.makedirs(where)
        write(os.path.join(where, f"f{number:06d}"), content(number, size))


def realistic_sizes(count, total):
    """Sizes as in /usr: most are small, few large files hold the bytes."""
    draw = random.Random(2)
    sizes = [draw.lognormvariate(0, 2) for _ in range(count)]
    scale = total / sum(sizes)
    return [max(20, int(size * scale)) for size in sizes]


def make_calls(folder, _):
    for name in ("0", "1"):
        write(os.path.join(folder, name), content(int(name), PAGE))
    os.symlink("0", os.path.join(folder, "link"))


def make_many(folder, bench):
    make_files(folder, [100] * bench.sizes.many)


def make_git(folder, bench):
    make_files(folder, [500] * bench.sizes.git)
    # Files as old as the index would be read again by each git status.
    for name in file_names(folder):
        os.utime(os.path.join(folder, name), (1e9, 1e9))
    git = ("git", "-C", folder, "-c", "user.name=bench", "-c",
           "user.email=bench@localhost", "-c", "gc.auto=0")
    run("git", "init", "-q", folder)
    # What differs between file systems must not make git read the files.
    run(*git, "config", "core.checkStat", "minimal")
    run(*git, "config", "core.trustctime", "false")
    run(*git, "add", "-A")
    run(*git, "commit", "-q", "-m", "all")
    run(*git, "gc", "-q")


def make_grep(folder, bench):
    make_files(folder, realistic_sizes(bench.sizes.grep,
                                       bench.sizes.grep * 5000))


def make_first(folder, bench):
    make_files(folder, realistic_sizes(bench.sizes.first_files,
                                       bench.sizes.first_bytes))


def make_big(folder, bench):
    for name, size in (("file", bench.sizes.big), ("small", 1 << 24)):
        with open(os.path.join(folder, name), "wb") as file:
            for number in range(size >> 20):
                file.write(content(number, 1 << 20))


def make_authors(folder, bench):
    # The digests of these contents are in the lists of make-lists.
    for number in range(bench.sizes.authors):
        where = os.path.join(folder, f"d{number // 200:03d}")
        os.makedirs(where, exist_ok=True)
        write(os.path.join(where, str(number)), str(number).encode())


def make_gone(folder, _):
    write(os.path.join(folder, "file"), b"known to one list only\n")


def make_source(folder, _):
    names = run("git", "ls-files", "-z").split("\0")
    for name in filter(None, names):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(name, path)


def libraries(*programs):
    said = subprocess.run(("ldd", *programs), capture_output=True, text=True,
                          check=False).stdout
    return set(re.findall(r"(/\S+\.so[.\d]*) \(", said))


def make_root(folder, _):
    """A root file system with a shell, a small program, and Python."""
    python = os.path.realpath(sys.executable)
    stdlib = sysconfig.get_path("stdlib")
    modules = os.path.join(stdlib, "lib-dynload")
    programs = {"/bin/sh": "/bin/sh", "/bin/true": "/bin/true",
                "/usr/bin/python3": python}
    for name in libraries("/bin/sh", "/bin/true", python,
                          *(entry.path for entry in os.scandir(modules))):
        programs[name] = name
    for name, source in programs.items():
        os.makedirs(folder + os.path.dirname(name), exist_ok=True)
        shutil.copy(os.path.realpath(source), folder + name)
    shutil.copytree(stdlib, folder + stdlib, symlinks=True,
                    ignore=shutil.ignore_patterns("test", "tests", "*.a",
                                                  "config-*", "*-packages"))
    write(folder + "/forks.sh", b"i=0\nwhile [ $i -lt $1 ]; do /bin/true; "
          b"i=$((i + 1)); done\n")


def make_out(_, __):
    """Where workloads write."""


def make(bench, parts):
    """Makes these parts of the tree, and a signed list of each."""
    key_options = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    run("openssl", "req", "-x509", *key_options, "-nodes", "-days", "2",
        "-subj", "/CN=assayfs bench", "-keyout", bench.key, "-out", bench.cert)
    for part in parts:
        folder = os.path.join(bench.lower, part)
        os.makedirs(folder)
        globals()["make_" + part](folder, bench)
        if part not in ("authors", "out"):
            run(bench.assayfs, "lists", "gen", "--format", "tlv", "--name",
                part, "--root", bench.lower, "-o", bench.lists, folder)
            sign(bench, os.path.join(bench.lists, "tlv-" + part))
    os.sync()


def sign(bench, *lists):
    run(bench.assayfs, "lists", "sign", "--key", bench.key, "--cert",
        bench.cert, *lists)


def file_names(folder):
    """Returns the names of all files below a folder, relative to it."""
    return sorted(
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder) for name in names)
