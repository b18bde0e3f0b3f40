# SPDX-License-Identifier: Apache-2.0
"""Workloads on the mounts that are there all the time."""

import os
import shutil

import mounts
from bench import drop_caches, seconds
from mounts import Failed, run

CALLS = {"open_close": "open+close", "open_read_close": "open+read+close",
         "stat": "stat", "missing": "missing name", "pread": "pread 4 KiB"}
IMPORTS = ("argparse", "ast", "base64", "bisect", "calendar", "collections",
           "copy", "csv", "datetime", "decimal", "difflib", "email.message",
           "fnmatch", "fractions", "glob", "hashlib", "html", "inspect",
           "json", "logging", "pathlib", "pickle", "random", "shutil",
           "socket", "statistics", "subprocess", "tempfile", "threading",
           "urllib.parse")


def calls(bench):
    """What single calls cost."""
    def measure(one, threads):
        return bench.calls("each", bench.sizes.call_seconds, threads,
                           one.at("calls/0"), one.at("calls/1"))

    def compare(contestants):
        for threads in (1, 2):
            taken = bench.alternate("calls", contestants,
                                    lambda one: measure(one, threads))
            plural = "s" if threads > 1 else ""
            for contestant, samples in taken.items():
                for key, value in ((k, v) for s in samples
                                   for k, v in s.items()):
                    bench.add("calls", f"{CALLS[key]}, {threads} thread"
                              f"{plural}", "us", contestant, value)

    try:
        with mounts.Fapolicyd(bench, ("calls",)) as fapolicyd:
            compare([*bench.contestants, fapolicyd])
    except Failed as why:
        bench.note(f"fapolicyd is skipped: {why}")
        compare(bench.contestants)


def programs(bench):
    """Starts of programs, which are all found in the mount."""
    def spawn(times, *command, forks=1):
        def measure(one):
            took = bench.calls_seconds("spawn", one.at("root"), times,
                                       *command)
            return took * 1000 / times / forks
        return measure

    code = "import " + ", ".join(IMPORTS)
    bench.compare("programs", "small program", "ms",
                  spawn(bench.sizes.programs, "/bin/true"))
    bench.compare("programs", "python3, 30 imports", "ms",
                  spawn(bench.sizes.pythons, "/usr/bin/python3", "-IBc", code))
    forks = bench.sizes.forks
    bench.compare("programs", "shell script, one fork", "ms",
                  spawn(1, "/bin/sh", "/forks.sh", forks, forks=forks))


def walk(bench):
    """Programs that go through trees."""
    os.environ["GIT_OPTIONAL_LOCKS"] = "0"  # git must not write its index

    def shell(command):
        def measure(one):
            return seconds(lambda: run("sh", "-ec", command, "sh",
                                       one.root)) * 1000
        return measure

    def cold(measure):
        def measure_cold(one):
            drop_caches()
            return measure(one)
        return measure_cold

    many = f'"$1"/many/{bench.sizes.walked}'
    find = shell(f"find {many} >/dev/null")
    git = shell('git -c safe.directory="*" -C "$1/git" status -s')
    bench.compare("walk", "find, warm", "ms", find)
    bench.compare("walk", "du, warm", "ms", shell(f"du -sc {many}"))
    bench.compare("walk", "git status, warm", "ms", git)
    bench.compare("walk", "tar, warm", "ms",
                  shell('tar -C "$1" -cf - grep | cat >/dev/null'))
    bench.compare("walk", "grep -r, warm", "ms",
                  shell('! grep -rF no-such-words "$1/grep"'))
    bench.compare("walk", "find, cold", "ms", cold(find))
    bench.compare("walk", "git status, cold", "ms", cold(git))


class Sha256:
    """Hashing as much in memory, as one more contestant."""
    name = "SHA-256"

    def measure(self, size):
        import hashlib
        block = bytes(1 << 20)

        def hash_all():
            digest = hashlib.sha256()
            for _ in range(size >> 20):
                digest.update(block)
        return seconds(hash_all)


def big(bench):
    """Reads of a large file, with all pages cached and with none."""
    size = bench.sizes.big
    ms_per_gib = 1000 * (1 << 30) / size

    def whole(verb, prepare=lambda: None):
        def measure(one):
            if isinstance(one, Sha256):
                return one.measure(size) * ms_per_gib
            prepare()
            return bench.calls_seconds(verb, one.at("big/file")) * ms_per_gib
        return measure

    def scattered(count, prepare=lambda: None):
        def measure(one):
            prepare()
            return bench.calls_seconds("random", one.at("big/file"),
                                       count) * 1e6 / count
        return measure

    for verb in ("sequential", "mmap"):
        bench.compare("big", f"{verb} read, warm", "ms/GiB", whole(verb))
    bench.compare("big", "random 4 KiB reads, warm", "us",
                  scattered(bench.sizes.random_reads))
    bench.compare("big", "sequential read, cold", "ms/GiB",
                  whole("sequential", drop_caches),
                  [*bench.contestants, Sha256()], warm_up=False)
    bench.compare("big", "mmap read, cold", "ms/GiB",
                  whole("mmap", drop_caches), warm_up=False)
    bench.compare("big", "random 4 KiB reads, cold", "us",
                  scattered(bench.sizes.random_reads_cold, drop_caches),
                  warm_up=False)


def write(bench):
    """New files; sequential writes go to the page cache only."""
    writers = [one for one in bench.contestants if one.writable]
    size, syncs = bench.sizes.big, bench.sizes.syncs

    def measure(verb, amount):
        def take(one):
            path = one.at("out", "file-" + one.name)
            os.sync()
            took = bench.calls_seconds(verb, path, amount)
            os.unlink(path)
            return took
        return take

    sequential, synced = measure("write", size), measure("sync", syncs)
    bench.compare("write", "sequential write", "ms/GiB",
                  lambda one: sequential(one) * 1000 * (1 << 30) / size,
                  writers)
    bench.compare("write", "4 KiB writes with fsync", "us",
                  lambda one: synced(one) * 1e6 / syncs, writers)


def compile_sources(bench):
    """Compiles some rooms of this project; objects go to a bare folder."""
    target = "src/lists/libassayfs-lists.a"
    environment = {**os.environ, "CCACHE_DISABLE": "1", "CC": "gcc",
                   "CXX": "g++"}

    def measure(one):
        folder = os.path.join(bench.work, "compiled-" + one.name)
        if not os.path.exists(folder):
            run("meson", "setup", folder, one.at("source"), env=environment)
        run("ninja", "-C", folder, "clean", env=environment)
        return seconds(lambda: run("ninja", "-C", folder, target,
                                   env=environment))

    bench.compare("compile", "compile", "s", measure, warm_up=False)
    for one in bench.contestants:
        shutil.rmtree(os.path.join(bench.work, "compiled-" + one.name),
                      ignore_errors=True)
