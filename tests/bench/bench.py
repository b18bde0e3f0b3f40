# SPDX-License-Identifier: Apache-2.0
"""One run of the benchmark: where things are, and how samples are taken."""

import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time

from mounts import Assayfs, Failed, run, unmount
from table import Row


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How much of everything. The table says all costs for one of a kind."""
    call_seconds: float = 0.3
    programs: int = 1000
    pythons: int = 100
    forks: int = 500
    many: int = 100000
    walked: str = "d*"  # those of its folders that are walked through
    git: int = 20000
    grep: int = 5000
    big: int = 1 << 30
    random_reads: int = 100000
    random_reads_cold: int = 5000
    syncs: int = 200
    first_files: int = 20000
    first_bytes: int = 2 << 30
    verified_files: int = 10000
    verified_bytes: int = 400 << 20
    authors: int = 20000


QUICK = Sizes(call_seconds=0.05, programs=200, pythons=5, forks=100,
              walked="d0*", git=5000, grep=2000, big=1 << 28,
              random_reads=20000, random_reads_cold=500, syncs=20,
              first_files=4000, first_bytes=400 << 20, authors=2000)


class Bench:
    """What all workloads share."""

    def __init__(self, build, sizes, runs):
        self.build = os.path.abspath(build)
        self.sizes = sizes
        self.runs = runs
        self.rows = {}
        self.notes = []
        self.contestants = []  # what is mounted all the time
        self.assayfs = os.path.join(self.build, "src/app/assayfs")
        self.work = os.path.join(self.build, "bench-work")
        self.key = os.path.join(self.work, "key.pem")
        self.cert = os.path.join(self.work, "cert.pem")

    def make_folders(self):
        shutil.rmtree(self.work, ignore_errors=True)
        self.points = tempfile.mkdtemp(prefix="assayfs-bench-")
        # Sockets and logs are on a tmpfs, as they are in /run.
        run("mount", "-t", "tmpfs", "none", self.points)
        self.lower = self.folder("lower")
        self.lists = self.folder("lists")

    def folder(self, name):
        """Makes a folder below the working folder; returns its path."""
        path = os.path.join(self.work, name.lstrip("/"))
        os.makedirs(path, exist_ok=True)
        return path

    def point(self, name):
        """A mount point's path. It is short: sockets have names like it."""
        return os.path.join(self.points, name)

    def remove_folders(self):
        unmount(self.points)
        os.rmdir(self.points)
        shutil.rmtree(self.work, ignore_errors=True)

    def note(self, text):
        self.notes.append(text)
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def mount(self, variant, lower=None, lists=None, more=()):
        """One more mount, with nothing remembered; for a with statement."""
        return Assayfs(self, variant, self.point("fresh-" + variant[0]),
                       lower or self.lower, lists or self.lists, more)

    def program(self, name):
        return os.path.join(self.build, "tests/bench", name)

    def calls(self, *arguments):
        """Runs calls; returns its numbers."""
        return json.loads(run(self.program("calls"), *map(str, arguments)))

    def calls_seconds(self, *arguments):
        return self.calls(*arguments)["seconds"]

    def add(self, workload, name, unit, contestant, value, base="bare"):
        row = self.rows.setdefault(name, Row(workload, name, unit, base))
        row.add(contestant, value)

    def alternate(self, what, contestants, measure, warm_up=True, runs=None):
        """Calls measure(contestant) in turn, once for each run.

        Each round begins with another contestant. Returns what measure
        returned, a list for each name. A contestant that fails is left out.
        warm_up: a round before, which is not counted.
        """
        taken = {one.name: [] for one in contestants}
        runs = runs or self.runs
        for number in range(-1 if warm_up else 0, runs):
            turn = number % max(1, len(contestants))
            for one in (*contestants[turn:], *contestants[:turn]):
                if one.name not in taken:
                    continue
                try:
                    values = measure(one)
                    if number >= 0:
                        taken[one.name].append(values)
                except (Failed, OSError) as why:
                    del taken[one.name]
                    self.note(f"{what}: {one.name} is out: {why}")
        return taken

    def compare(self, workload, name, unit, measure, contestants=None,
                base="bare", **how):
        """Fills the row called name with what measure(contestant) returns."""
        taken = self.alternate(name, contestants or self.contestants, measure,
                               **how)
        for contestant, values in taken.items():
            for value in values:
                self.add(workload, name, unit, contestant, value, base)


def seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def drop_caches():
    """Makes every page, name and inode be read from the disk again."""
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3")
