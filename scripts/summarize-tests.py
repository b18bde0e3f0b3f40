#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the test cases of a finished meson test run and shows what failed.

summarize-tests.py BUILD_FOLDER

Cases of GoogleTest and TAP programs count one by one, any other test counts as
one. Prints failed cases with their output, why cases were skipped, and as its
last line "PASSED FAILED SKIPPED". Exit status 0 whatever the counts are.
"""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree

GOOD = {"OK", "EXPECTEDFAIL"}
OUTPUT_LINES = 200


def read_case(element):
    """Returns (name, outcome, text) of one testcase element."""
    outcome, text = "passed", ""
    for child in element:
        if child.tag in ("failure", "error"):
            outcome = "failed"
            text = child.text or child.get("message", "")
        elif child.tag == "skipped":
            outcome = "skipped"
            # GoogleTest puts the place in the source before the reason.
            text = child.get("message", "").split("\n")[-1]
    if element.get("status") == "notrun":
        outcome, text = "skipped", "disabled"
    name = element.get("name")
    if " / " not in element.get("classname"):
        name = f"{element.get('classname')}.{name}"
    return name, outcome, text.strip()


def read_suites(build):
    """Returns [(name, cases)], the names without the project in front."""
    root = xml.etree.ElementTree.parse(build / "meson-logs/testlog.junit.xml")
    return [(suite.get("name").partition(".")[2],
             [read_case(case) for case in suite.iter("testcase")])
            for suite in root.iter("testsuite")]


def last_lines(run):
    text = "\n".join(run.get(key) or "" for key in ("stdout", "stderr"))
    return "\n".join(text.strip().splitlines()[-OUTPUT_LINES:])


def main():
    build = pathlib.Path(sys.argv[1])
    suites = read_suites(build)
    counts = collections.Counter()
    skipped = collections.Counter()
    with open(build / "meson-logs/testlog.json", encoding="utf-8") as log:
        runs = [json.loads(line) for line in log]
    for run in runs:
        test, result = run["name"], run["result"]
        # A suite has the name of its test if that speaks TAP; GoogleTest adds
        # its own; tests without cases have a suite together.
        cases = [case for name, members in suites for case in members
                 if name == test or name.startswith(test + ".")]
        unexplained = False
        for name, outcome, text in cases:
            counts[outcome] += 1
            if outcome == "failed":
                print(f"FAILED {test}: {name}\n{text}")
                unexplained |= not text
            elif outcome == "skipped":
                skipped[f"{test}: {text or name}"] += 1
        if result == "SKIP" and not cases:
            counts["skipped"] += 1
            skipped[f"{test}: {last_lines(run) or 'exit status 77'}"] += 1
        elif result in GOOD and not cases:
            counts["passed"] += 1
        elif result not in GOOD | {"SKIP"} and not any(
                outcome == "failed" for _, outcome, _ in cases):
            # It failed as a whole: a crash, a time-out, a sanitizer's report.
            counts["failed"] += 1
            print(f"FAILED {test}: {result}, status {run.get('returncode')}")
            unexplained = True
        if unexplained:
            print(last_lines(run))
    for text, count in skipped.items():
        print(f"skipped {count} of {text}")
    print(counts["passed"], counts["failed"], counts["skipped"])


main()
