#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`lists update`: lists that come before packages, and go after them."""

import fcntl
import itertools
import os
import shutil
import signal
import tempfile
import unittest

import foo_packages
import judged
import tap
from foo_packages import Made, setUpModule, tearDownModule
from judged import ASSAYFS, assayfs, read, run, write
from packages import rpm


class ListUpdate(unittest.TestCase):
    """A root with packages foo-1 and bar-1, and a folder of their lists."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assayfs-update-")
        self.addCleanup(folder.cleanup)
        self.base = folder.name
        self.root, self.lists = (os.path.join(self.base, name)
                                 for name in ("root", "lists"))
        run("cp", "-a", Made.root, self.root)
        assayfs("lists", "gen", "--keys", Made.maker.key, "-o", self.lists,
                f"rpmdb:{self.root}")

    def update(self, *words, check=True):
        return assayfs("lists", "update", "--lists", self.lists, *words,
                       check=check)

    def begin(self, *names, check=True, more=()):
        return self.update("--begin", "--root", self.root, "--keys",
                           Made.maker.key, *more, *map(Made.path, names),
                           check=check)

    def names(self):
        return sorted(name for name in os.listdir(self.lists)
                      if not name.startswith(".update"))

    def under_way(self):
        return sorted(name for name in os.listdir(self.lists)
                      if name.startswith(".update-"))

    def assertLists(self, *packages_of_lists):
        self.assertEqual(self.names(), sorted(
            f"rpm-{name}" + ("" if "~" in name else "-1.x86_64")
            for name in packages_of_lists))

    def assertRefused(self, done, status, words):
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(words, done.stderr)


class SettlingTest(ListUpdate):
    def test_old_lists_stay_until_the_end(self):
        done = self.begin("foo-2")
        self.assertEqual(done.stdout, "1 list added, 0 there already\n")
        self.assertLists("bar-1", "foo-1", "foo-2")
        Made.install(self.root, "foo-2")
        self.assertLists("bar-1", "foo-1", "foo-2")
        done = self.update("--end")
        self.assertEqual(done.stdout, "1 list removed, 2 kept\n")
        self.assertLists("bar-1", "foo-2")
        self.assertEqual(self.under_way(), [])

    def test_what_was_not_installed_goes(self):
        for way in ("--end", "--abort"):
            self.begin("foo-2")
            self.update(way)
            self.assertLists("bar-1", "foo-1")

    def test_what_was_installed_stays_though_it_is_aborted(self):
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--abort")
        self.assertLists("bar-1", "foo-2")

    def test_downgrade_and_erase(self):
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        self.begin("foo-1")
        Made.install(self.root, "foo-1")
        rpm(self.root, "-e", "bar")
        self.update("--end")
        self.assertLists("foo-1")

    def test_lists_of_packages_that_are_not_installed_are_left_alone(self):
        rpm(self.root, "-e", "bar")
        self.begin("foo-2")
        self.update("--end")
        self.assertLists("bar-1", "foo-1")

    def test_another_begin_goes_on_with_it(self):
        self.begin("foo-2")
        rpm(self.root, "-e", "bar")
        done = self.begin("foo-2")
        self.assertEqual(done.stdout, "0 lists added, 1 there already, to the "
                                      "update under way\n")
        self.update("--end")
        self.assertLists("foo-1")

    def test_updates_settle_only_what_they_brought(self):
        self.begin("foo-2", more=("--id", "a"))
        self.begin("foo-2", "bar-2", more=("--id", "b"))
        self.update("--end", "--id", "a")
        self.assertLists("bar-1", "bar-2", "foo-1", "foo-2")
        Made.install(self.root, "bar-2")
        self.update("--end", "--id", "b")
        self.assertLists("bar-2", "foo-1")

    def test_what_a_dead_update_brought_goes_with_its_package(self):
        self.begin("foo-2", "bar-2", more=("--id", "dead"))
        Made.install(self.root, "foo-2")
        self.begin("foo-1")
        Made.install(self.root, "foo-1")
        # In between, and by others, it was seen that foo-2 had landed.
        self.update("--end")
        self.assertLists("bar-1", "bar-2", "foo-1", "foo-2")
        self.update("--end", "--all")
        self.assertLists("bar-1", "foo-1")

    def test_lists_with_other_names_go_with_their_package(self):
        os.rename(f"{self.lists}/rpm-foo-1-1.x86_64", f"{self.lists}/rpm-foo")
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        self.assertLists("bar-1", "foo-2")

    def test_a_link_that_leads_nowhere_is_no_hindrance(self):
        os.symlink("5-rpm-gone", f"{self.lists}/rpm-gone")
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        self.assertIn("rpm-foo-2-1.x86_64", self.names())
        self.assertNotIn("rpm-foo-1-1.x86_64", self.names())

    def test_another_signature_comes_beside(self):
        name = f"{self.lists}/rpm-foo-1-1.x86_64"
        signed = read(name)
        header_size = 8 + 8 + 16 * int.from_bytes(signed[8:12], "big") + \
            int.from_bytes(signed[12:16], "big")
        write(name, signed[:header_size])
        done = self.begin("foo-1")
        self.assertEqual(done.stdout, "1 list added, 0 there already\n")
        beside, = self.beside("rpm-foo-1")
        self.assertEqual(read(beside), signed)
        self.update("--end")
        self.assertEqual(read(beside), signed)

    def beside(self, name):
        return [os.path.join(self.lists, other) for other in self.names()
                if other.startswith(name) and "~" in other]

    def test_another_build_of_the_same_version(self):
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        first = f"{self.lists}/rpm-foo-2-1.x86_64"
        for _ in range(2):
            self.begin("foo-2-again")
            beside, = self.beside("rpm-foo-2")
            self.assertTrue(os.path.exists(first))
            self.update("--end")  # it was not installed
            self.assertLists("bar-1", "foo-2")
        self.begin("foo-2-again")
        Made.install(self.root, "foo-2-again")
        self.update("--end")
        self.assertFalse(os.path.exists(first))
        self.assertTrue(os.path.exists(beside))

    def test_two_updates_to_the_same_build_end_in_any_order(self):
        self.begin("foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        for name in ("a", "b"):
            self.begin("foo-2-again", more=("--id", name))
        self.update("--end", "--id", "a")
        self.assertEqual(len(self.beside("rpm-foo-2")), 1)
        Made.install(self.root, "foo-2-again")
        self.update("--abort", "--id", "b")
        self.assertEqual(len(self.beside("rpm-foo-2")), 1)
        self.assertNotIn("rpm-foo-2-1.x86_64", self.names())

    def test_what_another_update_wants_back_is_not_taken_away(self):
        self.begin(more=("--id", "a"))
        rpm(self.root, "-e", "bar")
        self.begin("bar-1", more=("--id", "b"))
        self.update("--end", "--id", "a")
        self.assertLists("bar-1", "foo-1")
        Made.install(self.root, "bar-1")
        self.update("--end", "--id", "b")
        self.assertLists("bar-1", "foo-1")

    def test_numbered_lists_go_with_their_links(self):
        name = "rpm-foo-1-1.x86_64"
        os.rename(f"{self.lists}/{name}", f"{self.lists}/5-{name}")
        os.symlink(f"5-{name}", f"{self.lists}/{name}")
        self.begin("foo-1", "foo-2")
        Made.install(self.root, "foo-2")
        self.update("--end")
        self.assertLists("bar-1", "foo-2")

    def test_where_nothing_is_installed_new_lists_stay(self):
        shutil.rmtree(os.path.join(self.root, "var/lib/rpm"))
        self.begin("foo-2")
        self.update("--abort")
        self.assertLists("bar-1", "foo-1")
        self.begin("foo-2")
        self.update("--end")
        self.assertLists("bar-1", "foo-1", "foo-2")

    def site_list(self, name):
        """Returns the certificate, and the path of a list that is signed."""
        key, cert = judged.signing_key()
        write(f"{self.base}/{name}", name)
        assayfs("lists", "gen", "-o", self.base, f"{self.base}/{name}")
        assayfs("lists", "sign", "--key", key, "--cert", cert,
                f"{self.base}/tlv-{name}")
        return cert, f"{self.base}/tlv-{name}"

    def assertSiteLists(self, *names):
        self.assertEqual([name for name in self.names()
                          if name.startswith("tlv-")], sorted(names))

    def test_other_lists_are_told_to_go(self):
        for way, left in (("--abort", "tlv-old"), ("--end", "tlv-new")):
            cert, old = self.site_list("old")
            os.rename(old, f"{self.lists}/tlv-old")
            _, new = self.site_list("new")
            self.begin(more=("--keys", cert, "--remove", "tlv-old", new))
            self.assertSiteLists("tlv-new", "tlv-old")
            self.update(way)
            self.assertSiteLists(left)

    def test_what_one_update_ended_with_no_other_aborts(self):
        cert, path = self.site_list("site")
        for name in ("a", "b"):
            self.begin(more=("--keys", cert, "--id", name, path))
        self.update("--end", "--id", "a")
        self.update("--abort", "--id", "b")
        self.assertSiteLists("tlv-site")

    def test_no_list_takes_the_name_of_another(self):
        cert, path = self.site_list("site")
        self.begin(more=("--keys", cert, path))
        self.update("--end")
        os.unlink(path)
        write(f"{self.base}/more", "more")
        assayfs("lists", "gen", "-o", self.base, "--name", "site",
                f"{self.base}/more")
        key, _ = judged.signing_key()
        assayfs("lists", "sign", "--key", key, "--cert", cert, path)
        done = self.begin(more=("--keys", cert, path), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("another list has this name", done.stderr)


class KilledItselfTest(ListUpdate):
    def killed(self, number, *words):
        """Says whether it was killed before it was done."""
        done = run("strace", "-f", "-qq", "-o", "/dev/null", "-e",
                   f"inject=/^(rename|unlink):signal=KILL:when={number}",
                   ASSAYFS, "lists", "update", "--lists", self.lists, *words,
                   check=False)
        self.assertIn(done.returncode, (0, -signal.SIGKILL), done.stderr)
        return done.returncode != 0

    def test_it_can_be_done_again(self):
        if not shutil.which("strace"):
            self.skipTest("needs strace")
        judged.look_for_no_leaks(self)
        begin = ("--begin", "--root", self.root, "--keys", Made.maker.key,
                 Made.path("foo-2"))
        for number in itertools.count(1):
            if not self.killed(number, *begin):
                break
            self.assertIn("rpm-foo-1-1.x86_64", self.names())
        self.assertLists("bar-1", "foo-1", "foo-2")
        Made.install(self.root, "foo-2")
        for number in itertools.count(1):
            if not self.killed(number, "--end"):
                break
            self.assertIn("rpm-foo-2-1.x86_64", self.names())
            # If it was done but for the last step, there is nothing to end.
            if not self.under_way():
                self.update(*begin)
        self.assertLists("bar-1", "foo-2")


class MistakeTest(ListUpdate):
    def test_nothing_is_begun_with_a_package_that_is_not_signed(self):
        done = self.begin("foo-2", "unsigned", check=False)
        self.assertRefused(done, 1, "unsigned.rpm: unsigned")
        self.assertIn("nothing was begun", done.stderr)
        self.assertLists("bar-1", "foo-1")
        self.assertEqual(self.under_way(), [])

    def test_nothing_is_begun_with_what_is_revoked(self):
        revoked = os.path.join(self.base, "revoked")
        write(revoked, "package foo >= 2\n")
        done = self.begin("bar-1", "foo-2", more=("--revoked", revoked),
                          check=False)
        self.assertRefused(done, 1,
                           'foo-2.rpm: revoked: by "package foo >= 2"')
        self.assertEqual(self.under_way(), [])

    def test_a_package_that_is_not_there(self):
        self.assertRefused(self.begin("nowhere", check=False), 3,
                           "nowhere.rpm: unreadable")

    def test_there_must_be_an_update_to_settle(self):
        for way in ("--end", "--abort"):
            self.assertRefused(self.update(way, check=False), 1,
                               "no such update is under way in " + self.lists)

    def test_usage(self):
        for words in ((), ("--begin", "--end"), ("--end", "--abort"),
                      ("--end", "--root", "/"), ("--abort", "package"),
                      ("--end", "--keys", "/"), ("--end", "--remove", "x"),
                      ("--begin", "--all"), ("--end", "--all", "--id", "x")):
            self.assertEqual(self.update(*words, check=False).returncode, 2,
                             words)

    def test_one_root_at_a_time(self):
        self.begin("foo-2")
        self.assertRefused(
            self.update("--begin", "--root", "/", check=False), 3,
            f"update default is of {self.root}; end or abort it first")

    def test_what_is_to_go_must_be_there(self):
        self.assertRefused(self.begin(more=("--remove", "tlv-x"), check=False),
                           3, "tlv-x: no such list")

    def test_a_damaged_journal_is_an_error(self):
        for text in ("", "assayfs-update 2\n", "assayfs-update 1\nroot /",
                     "assayfs-update 1\nroot /\nadd\n",
                     "assayfs-update 1\nroot /\nroot /\n"):
            write(self.lists + "/.update-default", text)
            for words in (("--end",), ("--begin", "--root", self.root)):
                self.assertRefused(self.update(*words, check=False), 3,
                                   "not the journal of an update")
        self.assertLists("bar-1", "foo-1")

    def test_a_folder_that_is_not_there(self):
        self.lists += "/nowhere"
        self.assertRefused(self.begin(check=False), 3, "No such file")

    def test_there_is_one_at_a_time(self):
        self.begin("foo-2")
        self.assertNotIn(".update.lock", os.listdir(self.lists))
        write(self.lists + "/.update.lock", "")
        lock = os.open(self.lists + "/.update.lock", os.O_RDONLY)
        self.addCleanup(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.assertRefused(self.update("--end", check=False), 3,
                           "another `lists update` is at work")

    def test_ids_and_roots(self):
        for word in ("--id=a/b", "--id=" + "x" * 65, "--root=/a\nb"):
            self.assertRefused(self.update("--begin", word, check=False), 3,
                               "the ")

    def test_a_database_that_cannot_be_read_leaves_the_update_under_way(self):
        judged.look_for_no_leaks(self)  # librpm loses what SQLite made
        self.begin("foo-2")
        database = os.path.join(self.root, "var/lib/rpm/rpmdb.sqlite")
        whole = read(database)
        write(database, "no database " * 1000)
        self.assertEqual(self.update("--end", check=False).returncode, 3)
        self.assertEqual(self.under_way(), [".update-default"])
        self.assertLists("bar-1", "foo-1", "foo-2")
        write(database, whole)
        self.update("--end")
        self.assertLists("bar-1", "foo-1")

    def test_a_database_that_went_away_leaves_the_update_under_way(self):
        self.begin("foo-2")
        os.rename(self.root, self.root + "-elsewhere")
        for way in ("--end", "--abort"):
            self.assertRefused(self.update(way, check=False), 3,
                               "the RPM database that was there is gone")
        self.assertLists("bar-1", "foo-1", "foo-2")

    def test_where_all_packages_went_their_lists_go(self):
        self.begin()
        rpm(self.root, "-e", "foo", "bar")
        self.update("--end")
        self.assertLists()

    def test_a_damaged_journal_of_another_update_takes_nothing_away(self):
        self.begin("foo-2")
        write(self.lists + "/.update-other", "x")
        self.assertRefused(self.update("--end", check=False), 3,
                           ".update-other: line 1")
        self.assertRefused(self.update("--end", "--all", check=False), 3,
                           ".update-other: line 1")
        self.assertLists("bar-1", "foo-1", "foo-2")

    def test_a_list_is_called_what_it_says(self):
        """Nobody takes the place of another list by the name of a file."""
        for name in ("rpm-bar-1-1.x86_64", "rpm-bar-1-1.x86_64~new",
                     "rpm-x\nremove rpm-bar-1-1.x86_64"):
            path = os.path.join(self.base, name)
            shutil.copy(f"{self.lists}/rpm-foo-1-1.x86_64", path)
            done = self.begin(more=(path,))
            self.assertEqual(done.stdout, "0 lists added, 1 there already\n")
            self.update("--end")
            self.assertLists("bar-1", "foo-1")

    def test_a_name_that_would_forge_the_journal(self):
        key, cert = judged.signing_key()
        path = os.path.join(self.base, "tlv-x\nremove rpm-bar-1-1.x86_64")
        write(f"{self.base}/x", "x")
        assayfs("lists", "gen", "-o", self.base, f"{self.base}/x")
        assayfs("lists", "sign", "--key", key, "--cert", cert,
                f"{self.base}/tlv-x")
        os.rename(f"{self.base}/tlv-x", path)
        done = self.begin(more=("--keys", cert, path), check=False)
        self.assertRefused(done, 1, "cannot be a file name")
        self.assertEqual(self.under_way(), [])

    def test_lists_are_not_numbered_meanwhile(self):
        self.begin("foo-2")
        done = assayfs("lists", "number", "--undo", self.lists, check=False)
        self.assertRefused(done, 1, "update default: under way")


if __name__ == "__main__":
    tap.main(foo_packages.needs())
