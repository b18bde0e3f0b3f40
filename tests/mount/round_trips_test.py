#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the kernel asks the daemon, which no machine makes slower.

The kernel relies on names and folders for a second, so each count allows for
a few that are asked for again meanwhile.
"""

import collections
import os

import judged
import tap
from askers import Askers
from judged import read, write

# Numbers of requests. Source: linux/fuse.h.
(LOOKUP, GETATTR, READLINK, OPEN, READ, RELEASE, FLUSH, OPENDIR, READDIR,
 RELEASEDIR, READDIRPLUS) = 1, 3, 5, 14, 15, 18, 25, 27, 28, 29, 44
TIMES = 60
FEW = 25


class RoundTrips:
    MOUNT = False
    FILES = {"data": "data\n", "folder/a": "a", "folder/b": "b"}

    def asked_for(self, work):
        """Returns how many requests of each kind TIMES times work gives, the
        first time left out."""
        os.symlink("data", self.below("link"))
        askers = Askers(self)
        self.mount()
        work()
        askers.note_threads(self.daemon.pid)
        for _ in range(TIMES):
            work()
        self.unmount()
        askers.result()
        return collections.Counter(askers.kinds)

    def missing(self):
        with self.assertRaises(FileNotFoundError):
            os.stat(self.at("missing"))

    def test_names_that_are_not_there_are_relied_on(self):
        self.assertLess(self.asked_for(self.missing)[LOOKUP], FEW)

    def test_links_are_relied_on(self):
        asked = self.asked_for(lambda: os.readlink(self.at("link")))
        self.assertEqual(asked[READLINK], 1)
        self.assertLess(asked[LOOKUP], FEW)

    def test_folders_are_relied_on(self):
        asked = self.asked_for(lambda: os.stat(self.at("folder")))
        self.assertLess(asked[LOOKUP] + asked[GETATTR], FEW)

    def test_listings_are_relied_on(self):
        asked = self.asked_for(lambda: os.listdir(self.at("folder")))
        # Once from the start, and once more to see that there is no more.
        self.assertLessEqual(asked[READDIR] + asked[READDIRPLUS], FEW)
        self.assertLess(asked[GETATTR], FEW)
        return asked


class AtOpenTest(RoundTrips, judged.Judged):
    def test_reading_a_file_costs_an_open(self):
        asked = self.asked_for(lambda: read(self.at("data")))
        # Nobody waits for RELEASE.
        self.assertEqual(asked[OPEN], TIMES + 1)
        self.assertLess(asked[GETATTR] + asked[LOOKUP], FEW)
        self.assertEqual(asked[FLUSH], 0)
        self.assertEqual(asked[READ], 1)

    def test_the_size_is_relied_on_only_while_changes_would_be_heard_of(self):
        with open(self.below("data"), "ab"):
            asked = self.asked_for(lambda: read(self.at("data")))
        self.assertGreaterEqual(asked[GETATTR], TIMES)

    def test_a_size_is_seen_at_once_when_it_changed(self):
        write(self.below("other"), "other data\n")
        self.make_list("tlv-other", self.below("other"))
        self.mount()
        for folder in (self.tree, self.mnt):
            for content in ("other data\n", "data\n"):
                self.assertEqual(os.stat(self.at("data")).st_size,
                                 len(read(self.at("data"))))
                write(os.path.join(folder, "data"), content)
                self.assertReads(self.at("data"), content)
                self.assertEqual(os.stat(self.at("data")).st_size,
                                 len(content))

    def test_what_was_missing_or_listed_is_seen_once_it_changed(self):
        self.mount()
        for number in range(50):
            path = self.at(f"folder/new-{number}")
            self.assertFalse(os.path.exists(path))
            names = os.listdir(self.at("folder"))
            self.assertNotIn(os.path.basename(path), names)
            write(path, "x")
            self.assertTrue(os.path.exists(path))
            self.assertEqual(len(os.listdir(self.at("folder"))),
                             len(names) + 1)
            os.unlink(path)
            self.assertFalse(os.path.exists(path))
            self.assertEqual(sorted(os.listdir(self.at("folder"))),
                             sorted(names))

    def test_what_was_missing_or_listed_is_seen_once_it_changed_below(self):
        self.mount()
        self.assertFalse(os.path.exists(self.at("folder/new")))
        self.assertNotIn("new", os.listdir(self.at("folder")))
        write(self.below("folder/new"), "x")
        judged.wait_until(lambda: os.path.exists(self.at("folder/new")))
        judged.wait_until(lambda: "new" in os.listdir(self.at("folder")))


class AtReadTest(RoundTrips, judged.Judged):
    OPTIONS = ("-o", "ro")

    def test_reading_a_file_costs_nothing(self):
        asked = self.asked_for(lambda: read(self.at("data")))
        self.assertEqual(asked[OPEN], 1)
        self.assertEqual(asked[READ], 1)
        self.assertLessEqual(asked[FLUSH], 1)
        self.assertEqual(asked[RELEASE], 0)
        self.assertLess(asked[GETATTR] + asked[LOOKUP], FEW)

    def test_listings_are_relied_on(self):
        asked = super().test_listings_are_relied_on()
        self.assertEqual(asked[OPENDIR], 1)
        self.assertEqual(asked[RELEASEDIR], 0)


if __name__ == "__main__":
    tap.main(judged.needs())
