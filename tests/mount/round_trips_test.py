#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the kernel asks the daemon, which no machine makes slower.

Without changes the kernel asks again after a minute; each count allows for a
few that are asked for again meanwhile.
"""

import collections
import os
import signal
import time

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

    def test_sizes_of_files_that_nobody_opened_are_relied_on(self):
        self.settle("data")
        asked = self.asked_for(lambda: os.stat(self.at("data")))
        self.assertLess(asked[LOOKUP] + asked[GETATTR], FEW)

    def settle(self, name):
        """Waits until a file has not changed for a while."""
        since = os.stat(self.below(name)).st_ctime
        judged.wait_until(lambda: time.time() > since + 4)

    def see(self, holds):
        """Waits for what is heard of soon, and else relied on for a minute."""
        end = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), end, "it was not heard of")

    def see_changes_below(self, new):
        """Changes things below, and sees that they are seen above."""
        at, below = self.at, self.below
        self.assertFalse(os.path.exists(at(new)))
        self.assertNotIn(new, os.listdir(self.mnt))
        write(below(new), "x")
        self.see(lambda: os.path.exists(at(new)))
        self.see(lambda: new in os.listdir(self.mnt))
        self.see(lambda: os.stat(self.mnt).st_mtime_ns ==
                 os.stat(self.tree).st_mtime_ns)
        for content in ("xyz", "", "xy"):
            write(below(new), content)
            self.see(lambda: os.stat(at(new)).st_size == len(content))
            self.see(lambda: os.stat(at(new)).st_mtime_ns ==
                     os.stat(below(new)).st_mtime_ns)
        os.chmod(below(new), 0o604)
        self.see(lambda: os.stat(at(new)).st_mode & 0o777 == 0o604)
        self.assertEqual(os.stat(at(new)).st_nlink, 1)
        os.link(below(new), below(new + "-2"))
        self.see(lambda: os.stat(at(new)).st_nlink == 2)
        os.unlink(below(new + "-2"))
        self.see(lambda: os.stat(at(new)).st_nlink == 1)
        os.rename(below(new), below(new + "-3"))
        self.see(lambda: not os.path.exists(at(new)))
        self.see(lambda: os.path.exists(at(new + "-3")))
        os.symlink(new, below(new))
        self.see(lambda: os.path.lexists(at(new)))
        self.assertEqual(os.readlink(at(new)), new)
        os.symlink("other", below("link-4"))
        os.rename(below("link-4"), below(new))
        self.see(lambda: os.readlink(at(new)) == "other")

    def test_changes_below_are_heard_of(self):
        os.mkdir(self.below("locked"))
        self.mount()
        for new in ("new", "new-1", "new-2"):
            self.see_changes_below(new)
        self.assertEqual(os.stat(self.at("locked")).st_mode & 0o777, 0o755)
        os.chmod(self.below("locked"), 0o700)
        self.see(lambda: os.stat(self.at("locked")).st_mode & 0o777 == 0o700)

    def test_a_file_that_had_settled_is_seen_to_change_below(self):
        self.settle("data")
        self.mount()
        before = os.stat(self.at("data"))
        write(self.below("data"), "other size")
        self.see(lambda: os.stat(self.at("data")).st_size != before.st_size)

    def test_changes_are_seen_that_were_too_many_to_be_heard_of(self):
        with open("/proc/sys/fs/inotify/max_queued_events",
                  encoding="ascii") as limit:
            many = int(limit.read()) // 2 * 2 + 100
        if many > 100_000:
            self.skipTest("the queue of inotify is too long to be filled")
        self.mount()
        os.listdir(self.at("folder"))
        self.assertFalse(os.path.exists(self.at("folder/last")))
        self.assertTrue(os.path.exists(self.at("folder/a")))
        os.kill(self.daemon.pid, signal.SIGSTOP)
        try:
            for number in range(many):
                os.rename(self.below(f"folder/{'ab'[number % 2]}"),
                          self.below(f"folder/{'ba'[number % 2]}"))
            os.unlink(self.below("folder/a"))
            write(self.below("folder/last"), "xyz")
        finally:
            os.kill(self.daemon.pid, signal.SIGCONT)
        self.see(lambda: os.path.exists(self.at("folder/last")))
        self.see(lambda: not os.path.exists(self.at("folder/a")))
        self.see(lambda: os.listdir(self.at("folder")) == ["last"])

    def test_listings_are_relied_on(self):
        asked = self.asked_for(lambda: os.listdir(self.at("folder")))
        # Once from the start, and once more to see that there is no more.
        self.assertLessEqual(asked[READDIR] + asked[READDIRPLUS], FEW)
        self.assertLess(asked[GETATTR], FEW)
        if self.opens_folders():
            self.assertEqual(asked[OPENDIR], TIMES + 1)
        else:
            self.assertEqual(asked[OPENDIR], 1)
            self.assertEqual(asked[RELEASEDIR], 0)


class AtOpenTest(RoundTrips, judged.Judged):
    def opens_folders(self):
        kind = judged.run("stat", "-f", "-c", "%T", self.tree).stdout.strip()
        return kind not in ("ext2/ext3", "f2fs", "xfs")

    def test_folders_are_opened_where_offsets_do_not_last(self):
        judged.run("mount", "-t", "tmpfs", "none", self.below("folder"))
        self.addCleanup(judged.run, "umount", self.below("folder"))
        asked = self.asked_for(lambda: os.listdir(self.mnt))
        self.assertEqual(asked[OPENDIR], TIMES + 1)
        self.assertLessEqual(asked[READDIR] + asked[READDIRPLUS], FEW)

    def test_reading_a_file_costs_an_open(self):
        self.settle("data")
        asked = self.asked_for(lambda: read(self.at("data")))
        # Nobody waits for RELEASE.
        self.assertEqual(asked[OPEN], TIMES + 1)
        self.assertLess(asked[GETATTR] + asked[LOOKUP], FEW)
        self.assertEqual(asked[FLUSH], 0)
        self.assertEqual(asked[READ], 1)

    def test_a_size_is_asked_for_where_changes_would_not_be_heard_of(self):
        # Somebody writes, and by a name in a folder that is not watched.
        os.mkdir(self.below("elsewhere"))
        os.link(self.below("data"), self.below("elsewhere/data"))
        with open(self.below("elsewhere/data"), "ab"):
            asked = self.asked_for(lambda: os.stat(self.at("data")))
        self.assertGreaterEqual(asked[GETATTR], TIMES)

    def test_an_open_sees_the_size_of_what_has_just_changed(self):
        write(self.below("free"), "")
        self.mount("--mode", "log", "--data", "verified")
        for length in range(1, 200):
            os.stat(self.at("free"))
            with open(self.below("free"), "ab") as file:
                file.write(b"x")
            self.assertEqual(len(read(self.at("free"))), length)

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

    def test_what_the_mount_changed_itself_stays_as_it_is(self):
        self.mount()
        os.mkdir(self.at("new"))
        judged.run("mount", "-t", "tmpfs", "none", self.at("new"))
        try:
            with open(self.at("new/inside"), "w", encoding="ascii"):
                # Changes are heard of one after the other.
                self.see_changes_below("after")
                self.assertTrue(os.path.ismount(self.at("new")))
        finally:
            judged.run("umount", self.at("new"))


class AtReadTest(RoundTrips, judged.Judged):
    OPTIONS = ("-o", "ro")

    def opens_folders(self):
        return False

    def test_reading_a_file_costs_nothing(self):
        self.settle("data")
        asked = self.asked_for(lambda: read(self.at("data")))
        self.assertEqual(asked[OPEN], 1)
        self.assertEqual(asked[READ], 1)
        self.assertLessEqual(asked[FLUSH], 1)
        self.assertEqual(asked[RELEASE], 0)
        self.assertLess(asked[GETATTR] + asked[LOOKUP], FEW)


if __name__ == "__main__":
    tap.main(judged.needs())
