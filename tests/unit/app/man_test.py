#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `assayfs VERB --help` with the manual pages, both ways.

Usage: man_test.py ASSAYFS PAGE.scd...

Every verb must have a "## VERB" section in some page whose options are those
that the verb's help shows, and the reverse. Every reason of verdict.h and of
check_list.h must be explained.
"""
import pathlib
import re
import subprocess
import sys

SHARED = "Options of mount and run"
# Pages that a verb's section may point to for everything else.
SHARING_VERBS = ("mount", "run")
# Present in every verb and explained once.
COMMON = {"-h", "--help"}
OPTION = re.compile(r"--?[A-Za-z][\w-]*")


def help_of(assayfs, verb):
    result = subprocess.run([assayfs, *verb.split(), "--help"],
                            capture_output=True, text=True, check=True)
    return result.stdout


def options_in_help(text):
    options = set()
    for line in text.splitlines():
        match = re.match(r"  (-[^ ]+)", line)
        if match:
            options |= set(match.group(1).split(","))
    return {option.split("=")[0] for option in options} - COMMON


def verbs_in_help(text):
    verbs = []
    in_verbs = False
    for line in text.splitlines():
        if line.startswith("Subcommands:"):
            in_verbs = True
        elif in_verbs and (match := re.match(r"  (\S+)", line)):
            verbs.append(match.group(1))
    return verbs


def leaf_verbs(assayfs, prefix=""):
    verbs = verbs_in_help(help_of(assayfs, prefix))
    if not verbs:
        return [prefix]
    leaves = []
    for verb in verbs:
        leaves += leaf_verbs(assayfs, f"{prefix} {verb}".strip())
    return leaves


def sections(pages):
    """Returns {title: options} of all second-level sections."""
    found = {}
    for page in pages:
        title = None
        # The verbs of these pages are written without their first word.
        prefix = {"assayfs-lists.1.scd": "lists ",
                  "assayfs-policy.1.scd": "policy "}.get(page.name, "")
        for line in page.read_text().splitlines():
            if line.startswith("## "):
                title = prefix + line[3:]
                found[title] = set()
            elif line.startswith("# "):
                title = None
            elif title and line.startswith("*-"):
                bold = re.findall(r"\*(-[^*]*)\*", line)
                found[title] |= set(OPTION.findall(" ".join(bold)))
    return found


def words_in_verdict_header(page):
    header = page.parent.parent / "include" / "assayfs" / "verdict.h"
    text = header.read_text()
    names = text[text.index("ReasonName"):]
    return re.findall(r'"([a-z-]+)"', names)


def words_in_check_list_header(page):
    header = page.parent.parent / "src" / "appraise" / "check_list.h"
    text = header.read_text()
    start = text.index("kRefusalReasons = {")
    return re.findall(r'"([A-Za-z ]+)"', text[start:text.index("}", start)])


def main():
    assayfs = sys.argv[1]
    pages = [pathlib.Path(argument).resolve() for argument in sys.argv[2:]]
    documented = sections(pages)
    problems = []
    verbs = leaf_verbs(assayfs)
    for verb in verbs:
        if verb not in documented:
            problems.append(f"{verb}: no section in any page")
            continue
        expected = set(documented[verb])
        if verb in SHARING_VERBS:
            expected |= documented[SHARED]
        shown = options_in_help(help_of(assayfs, verb))
        for option in sorted(shown - expected):
            problems.append(f"{verb} {option}: in --help, not in the page")
        for option in sorted(expected - shown):
            problems.append(f"{verb} {option}: in the page, not in --help")

    main_page = next(page for page in pages if page.name == "assayfs.8.scd")
    explained = main_page.read_text()
    for word in words_in_verdict_header(main_page):
        if f"\n*{word}*\n\t" not in explained:
            problems.append(f"reason {word}: not explained")

    lists_page = next(page for page in pages
                      if page.name == "assayfs-lists.1.scd")
    explained = lists_page.read_text()
    reasons = words_in_check_list_header(lists_page)
    for word in reasons:
        if f"\n*{word}*\n\t" not in explained:
            problems.append(f"reason {word}: not explained")

    for problem in problems:
        print(problem)
    print(f"{len(verbs)} verbs, {len(problems)} problems")
    return 1 if problems or len(verbs) < 10 or not reasons else 0


if __name__ == "__main__":
    sys.exit(main())
