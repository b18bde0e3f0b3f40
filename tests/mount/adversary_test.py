#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nobody gets alien content allowed, nor known content denied.

The attacks are those of the program that ASSAYFS_ADVERSARY names. They go on
for ASSAYFS_ADVERSARY_SECONDS, and start from ASSAYFS_ADVERSARY_SEED if it is
set.
"""

import os
import re
import subprocess

import judged
import tap
from judged import run

ADVERSARY = os.environ.get("ASSAYFS_ADVERSARY", "adversary")
SECONDS = int(os.environ.get("ASSAYFS_ADVERSARY_SECONDS", "10"))
# A second of attacks takes longer where the machine is slow; it must end.
PATIENCE = 300 + 5 * SECONDS


class AdversaryTest(judged.Judged):
    FILES = {}
    MOUNT = False

    def setUp(self):
        super().setUp()
        run(ADVERSARY, "prepare", self.tree)
        self.make_list("tlv-quiet", self.below("quiet"))
        self.make_list("tlv-moving", self.below("moving"))

    def make_list(self, name, *sources):
        if name != "tlv-base":  # of an empty tree
            super().make_list(name, *sources)

    def attack(self, mounted, seconds, verb="run", tree=None):
        """Returns the exit status of the attacks, and their figures.

        tree: where they are made from below, if it is not the tree itself.
        """
        seed = os.environ.get("ASSAYFS_ADVERSARY_SEED")
        done = subprocess.run(
            [ADVERSARY, verb, tree or self.tree, mounted,
             os.path.join(self.lists, "tlv-moving"),
             os.path.join(self.base, "away"), str(seconds),
             *([seed] if seed else [])],
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        print("\n".join("# " + line for line in done.stdout.splitlines()),
              flush=True)
        self.assertEqual(done.stderr, "")
        found = re.findall(r"^(.+): (\d+)$", done.stdout, re.MULTILINE)
        return done.returncode, {name: int(value) for name, value in found}

    def test_an_adversary_cannot_win(self):
        self.win_nothing()

    def test_nor_where_files_are_judged_when_they_are_read(self):
        self.win_nothing("--enforce-at", "read", "-o", "ro",
                         verb="run-read-only")

    def test_nor_through_a_mount_for_updates(self):
        self.mount("-o", "ro")
        update = subprocess.Popen(
            [judged.ASSAYFS, "update", self.mnt, "--control", self.control,
             "--", "sh", "-c", "echo; read end"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(update.wait)
        self.addCleanup(update.stdin.close)
        with update.stdout:
            update.stdout.readline()
        # The same path, as that process sees it.
        self.win_nothing(verb="run-update",
                         tree=f"/proc/{update.pid}/root{self.mnt}")

    def win_nothing(self, *options, verb="run", tree=None):
        if tree is None:
            self.mount(*options)
        status, figures = self.attack(self.mnt, SECONDS, verb, tree)
        if figures["false denials"]:
            print("# last records:\n# " +
                  "\n# ".join(self.stderr().splitlines()[-40:]), flush=True)
        self.assertEqual(figures["false allows"], 0)
        self.assertEqual(figures["false denials"], 0)
        self.assertEqual(status, 0)
        # It was no walk-over: there was something to allow and to deny.
        for name in ("attacks tried", "opens allowed", "opens denied",
                     "list moves", "files put back"):
            self.assertGreater(figures[name], 0, name)

    def test_the_adversary_wins_where_nothing_is_judged(self):
        self.mount("--mode", "off")
        status, figures = self.attack(self.mnt, 1)
        self.assertGreater(figures["false allows"], 0)
        self.assertEqual(status, 1)

    def test_the_adversary_wins_on_a_plain_folder(self):
        status, figures = self.attack(self.tree, 1)
        self.assertGreater(figures["false allows"], 0)
        self.assertEqual(status, 1)


if __name__ == "__main__":
    tap.main(judged.needs())
