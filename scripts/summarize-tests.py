#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the test cases of a finished meson test run and shows what failed.

summarize-tests.py BUILD_FOLDER

Cases of GoogleTest programs count one by one, any other test counts as one.
Prints failed cases with their output, why cases were skipped, and as its last
line "PASSED FAILED SKIPPED". Exit status 0 whatever the counts are.
"""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

GOOD = {"OK", "EXPECTEDFAIL"}
OUTPUT_LINES = 200


def read_cases(build):
    """Returns {test: [(case, outcome, text)]} of the GoogleTest programs."""
    root = xml.etree.ElementTree.parse(build / "meson-logs/testlog.junit.xml")
    cases = collections.defaultdict(list)
    for suite in root.iter("testsuite"):
        # "PROJECT.TEST.SUITE", where TEST may begin with "PROJECT:SUITE / ";
        # just "PROJECT" where meson has collected tests without cases.
        _, dot, rest = suite.get("name").partition(".")
        if not dot:
            continue
        test = rest.rpartition(".")[0].split(" / ")[-1]
        for case in suite.iter("testcase"):
            outcome, text = "passed", ""
            for child in case:
                if child.tag in ("failure", "error"):
                    outcome = "failed"
                    text += (child.text or child.get("message", "")) + "\n"
                elif child.tag == "skipped":
                    outcome = "skipped"
                    text = child.get("message", "").split("\n")[-1]
            if case.get("status") == "notrun":
                outcome = "skipped"
            name = f"{case.get('classname')}.{case.get('name')}"
            cases[test].append((name, outcome, text.strip()))
    return cases


def last_lines(run):
    text = "\n".join(run.get(key) or "" for key in ("stdout", "stderr"))
    return "\n".join(text.strip().splitlines()[-OUTPUT_LINES:])


def main():
    build = pathlib.Path(sys.argv[1])
    cases = read_cases(build)
    counts = collections.Counter()
    skipped = collections.Counter()
    with open(build / "meson-logs/testlog.json", encoding="utf-8") as log:
        runs = [json.loads(line) for line in log]
    for run in runs:
        # "PROJECT:SUITE / TEST", or just "TEST" where there is no suite.
        test = run["name"].split(" / ")[-1]
        result = run["result"]
        own = cases.get(test, [])
        for name, outcome, text in own:
            counts[outcome] += 1
            if outcome == "failed":
                print(f"FAILED {test}: {name}\n{text}\n")
            elif outcome == "skipped":
                skipped[f"{test}: {text or 'disabled'}"] += 1
        if result == "SKIP" and not own:
            counts["skipped"] += 1
            skipped[f"{test}: {last_lines(run) or 'exit status 77'}"] += 1
        elif result in GOOD:
            counts["passed"] += 0 if own else 1
        elif not any(outcome == "failed" for _, outcome, _ in own):
            # It failed as a whole: a crash, a time-out, a sanitizer's report.
            counts["failed"] += 1
            print(f"FAILED {test}: {result}, status {run.get('returncode')}")
            print(last_lines(run) + "\n")
    for text, count in skipped.items():
        print(f"skipped {count} of {text}")
    print(counts["passed"], counts["failed"], counts["skipped"])


main()
