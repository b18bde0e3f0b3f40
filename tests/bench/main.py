#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the workloads and writes tables and plots; see scripts/bench.sh."""

import argparse
import contextlib
import json
import os
import platform
import signal
import sys
import time

import authors
import fresh
import mounts
import plots
import round_trips
import table
import targets
import tree
import verify
import workloads
from bench import QUICK, Bench, Sizes
from mounts import Failed


def inner(bench):
    """The inner parts one by one, as Google Benchmark times them."""
    said = json.loads(mounts.run(
        bench.program("inner"), "--benchmark_format=json",
        "--benchmark_min_time=0.05", f"--benchmark_repetitions={bench.runs}"))
    factor = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    for one in said["benchmarks"]:
        if one["run_type"] == "iteration":
            bench.add("inner", one["run_name"], "ns", "assayfs",
                      one["real_time"] * factor[one["time_unit"]], base=None)


# Name: what it runs, and the parts of the tree that it needs.
WORKLOADS = {
    "trips": (round_trips.trips, ("calls",)),
    "calls": (workloads.calls, ("calls",)),
    "programs": (workloads.programs, ("root",)),
    "walk": (workloads.walk, ("many", "git", "grep")),
    "big": (workloads.big, ("big",)),
    "write": (workloads.write, ("out",)),
    "compile": (workloads.compile_sources, ("source",)),
    "first": (fresh.first, ("first",)),
    "change": (fresh.change, ("many", "gone")),
    "start": (fresh.start, ()),
    "verify": (verify.verify, ()),
    "memory": (fresh.memory, ("many", "big")),
    "authors": (authors.authors, ("authors",)),
    "inner": (inner, ()),
}
NOT_QUICK = ("authors", "compile", "verify")


def arguments():
    parser = argparse.ArgumentParser(
        prog="bench.sh", description="Times assayfs against other ways to "
        "reach the same tree.")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true",
                        help="smaller sizes and 3 runs, in under 5 minutes")
    parser.add_argument("--only", metavar="NAME[,NAME]",
                        help="of: " + ", ".join(WORKLOADS))
    parser.add_argument("--runs", type=int, metavar="N",
                        help="samples of each kind [5; quick: 3]")
    parser.add_argument("--out", metavar="FOLDER", help="where results go")
    options = parser.parse_args()
    options.names = [name for name in WORKLOADS
                     if not (options.quick and name in NOT_QUICK)]
    if options.only:
        options.names = options.only.split(",")
        for name in options.names:
            if name not in WORKLOADS:
                parser.error(f"there is no workload '{name}'")
    options.out = options.out or os.path.join(options.build, "results")
    options.runs = options.runs or (3 if options.quick else 5)
    return options


def work(bench, names):
    """Makes the tree, mounts everything, and runs the workloads."""
    # Without any list nothing could be mounted.
    needed = {"calls", *(part for name in names for part in WORKLOADS[name][1])}
    print("bench: making the tree", file=sys.stderr, flush=True)
    tree.make(bench, sorted(needed))
    with contextlib.ExitStack() as stack:
        bench.contestants = mounts.contestants(bench, stack)
        for name in names:
            began = time.monotonic()
            print(f"bench: {name}", end=" ", file=sys.stderr, flush=True)
            try:
                WORKLOADS[name][0](bench)
            except (Failed, OSError) as why:
                bench.note(f"{name} ended early: {why}")
            print(f"took {time.monotonic() - began:.0f} s", file=sys.stderr,
                  flush=True)


def report(bench, options, took):
    rows = [row for row in bench.rows.values() if row.samples]
    judged = targets.judge(rows)
    print(table.text(rows), end="\n\n")
    print(targets.text(judged), end="\n\n")
    for note in bench.notes:
        print(f"note: {note}")
    os.makedirs(options.out, exist_ok=True)
    with open(os.path.join(options.out, "bench.json"), "w") as file:
        json.dump({
            "machine": {"cores": os.cpu_count(), "kernel": platform.release()},
            "quick": options.quick, "runs": bench.runs,
            "seconds": round(took),
            "sizes": vars(bench.sizes), "notes": bench.notes,
            "rows": [table.as_json(row) for row in rows],
            "targets": judged}, file, indent=1)
    with open(os.path.join(options.out, "bench.md"), "w") as file:
        file.write("\n\n".join((
            table.markdown(targets.lines(judged)),
            table.markdown(table.lines(rows)),
            *(f"note: {note}" for note in bench.notes))) + "\n")
    try:
        plots.draw(rows, options.out)
    except ImportError as why:
        print(f"note: no plots: {why}")
    print(f"{len(rows)} rows in {took:.0f} s; results are in {options.out}")


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    began = time.monotonic()
    bench = Bench(options.build, QUICK if options.quick else Sizes(),
                  options.runs)
    bench.make_folders()
    try:
        work(bench, options.names)
        report(bench, options, time.monotonic() - began)
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        sys.exit(130)
    except Failed as why:
        print(f"bench: {why}", file=sys.stderr)
        sys.exit(3)
    finally:
        bench.remove_folders()


if __name__ == "__main__":
    main()
