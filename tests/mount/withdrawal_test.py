#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys, packages and digests that are revoked, and packages rolled back."""

import os
import shutil
import subprocess

import judged
import list_bytes
import tap
from judged import assayfs, read, run, wait_until, write
from tpm_test import WithTpm

SHA256 = list_bytes.OPENPGP_NUMBERS["sha256"]


class Withdrawal(judged.Judged):
    """FILES have lists of their own: packages foo and bar, version 1-1."""
    FILES = {"foo": "foo 1", "bar": "bar 1"}

    def setUp(self):
        self.revoked = None
        super().setUp()

    def make_list(self, name, *sources):
        """One list for each file of FILES, instead of one for all."""
        for package, content in self.FILES.items():
            self.add_package(package, "1", content)
        self.revoked = os.path.join(self.base, "revoked")
        os.mkdir(self.revoked)

    def add_package(self, name, version, *contents):
        digests = [list_bytes.digest("sha256", c) for c in contents]
        tags = list_bytes.package_tags(digests, SHA256, name=name,
                                       version=version)
        self.add_list(f"rpm-{name}-{version}", list_bytes.rpm_header(tags))

    def options(self):
        return [*super().options(), "--revoked", self.revoked]

    def revoke(self, *entries, name="entries"):
        fresh = os.path.join(self.base, "fresh")
        write(fresh, "".join(entry + "\n" for entry in entries))
        os.rename(fresh, os.path.join(self.revoked, name))

    def assertRevoked(self, name):
        self.assertDenied(self.at(name))
        self.assertEqual(self.why(name)["reason"], "revoked")


class RevocationTest(Withdrawal):
    def test_a_package_is_revoked_by_range_and_restored(self):
        self.assertReads(self.at("foo"), "foo 1")
        self.revoke("package foo >= 1 < 2")
        self.assertRevoked("foo")
        self.assertReads(self.at("bar"), "bar 1")
        self.revoke("package foo > 1")
        self.assertReads(self.at("foo"), "foo 1")

    def test_why_and_status_name_the_entry(self):
        self.revoke("package foo < 2", "package nobody")
        why = self.why("foo")
        self.assertEqual(why["lists"][0]["withdrawn"],
                         'revoked by "package foo < 2"')
        self.assertIn("not revoked", why["fix"])
        lists = self.status()["lists"]
        self.assertEqual(lists["revocations"], 2)
        self.assertEqual([one["name"] for one in lists["withdrawn"]],
                         ["rpm-foo-1"])
        text = assayfs("status", self.mnt).stdout
        self.assertIn("1 withdrawn by 2 revocations", text)

    def test_a_key_takes_all_its_lists_along(self):
        self.assertReads(self.at("foo"), "foo 1")
        done = run("openssl", "x509", "-in", self.cert, "-noout",
                   "-fingerprint", "-sha256")
        self.revoke("key " +
                    done.stdout.strip().partition("=")[2].replace(":", ""))
        self.assertRevoked("foo")
        self.assertRevoked("bar")

    def test_a_digest_is_revoked_whatever_list_has_it(self):
        self.assertReads(self.at("foo"), "foo 1")
        self.revoke("digest sha256:" + judged.sha256("foo 1"))
        self.assertRevoked("foo")
        write(self.below("copy"), "foo 1")
        self.assertRevoked("copy")
        self.assertReads(self.at("bar"), "bar 1")

    def test_a_denial_says_what_revoked(self):
        self.revoke("package foo")
        self.assertDenied(self.at("foo"))
        self.unmount()  # writes what is queued
        self.assertRegex(self.stderr(),
                         r'denied \S*/foo .*: revoked .*"package foo"')

    def test_a_line_that_means_nothing_is_named_and_the_rest_counts(self):
        self.revoke("package foo", "packge bar")
        self.assertRevoked("foo")
        problems = self.status()["problems"]
        self.assertTrue(any("entries:2: " in one for one in problems),
                        problems)

    def test_an_open_file_stays_open_and_its_user_is_named(self):
        with open(self.at("foo"), "rb") as file:
            self.revoke("package foo")
            self.assertRevoked("foo")
            wait_until(lambda: "withdrawn, but in use by process "
                       f"{os.getpid()} (" in self.stderr())
            self.assertEqual(file.read(), b"foo 1")


class AtReadTest(Withdrawal):
    OPTIONS = ("-o", "ro")

    def test_pages_are_taken_away(self):
        self.assertReads(self.at("foo"), "foo 1")
        self.revoke("package foo")
        wait_until(lambda: self.is_denied(self.at("foo")))
        self.assertReads(self.at("bar"), "bar 1")

    def test_pages_go_for_a_digest_in_another_algorithm(self):
        self.assertReads(self.at("foo"), "foo 1")
        digest = list_bytes.digest("sha512", "foo 1").hex()
        self.revoke(f"digest sha512:{digest}")
        wait_until(lambda: self.is_denied(self.at("foo")))
        self.assertReads(self.at("bar"), "bar 1")

    @staticmethod
    def is_denied(path):
        try:
            read(path)
        except PermissionError:
            return True
        return False


class RunningProgramTest(Withdrawal):
    FILES = {"sleep": None}

    def setUp(self):
        self.FILES = {"sleep": read(shutil.which("sleep")).decode("latin-1")}
        super().setUp()

    def add_package(self, name, version, *contents):
        """The program's bytes went through a text for FILES."""
        write(self.below("sleep"), read(shutil.which("sleep")))
        tags = list_bytes.package_tags(
            [bytes.fromhex(judged.sha256(read(self.below("sleep"))))], SHA256,
            name=name, version=version)
        self.add_list(f"rpm-{name}-{version}", list_bytes.rpm_header(tags))

    def test_a_program_that_runs_is_named(self):
        with subprocess.Popen([self.at("sleep"), "1000"]) as program:
            self.addCleanup(program.kill)
            self.revoke("package sleep")
            wait_until(lambda: f"in use by process {program.pid} (sleep): "
                       f"{self.at('sleep')}" in self.stderr())
            program.kill()


class MistakeTest(Withdrawal):
    MOUNT = False

    def start(self, *more):
        return assayfs("mount", *self.options(), *more, self.tree, self.mnt,
                       check=False)

    def test_a_place_that_is_named_must_exist(self):
        os.rmdir(self.revoked)
        done = self.start()
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"--revoked {self.revoked}: No such file", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_revocations_that_cannot_be_read_are_no_revocations(self):
        os.mkdir(os.path.join(self.revoked, "folder"))
        done = self.start()
        self.assertEqual(done.returncode, 3)
        self.assertIn("not a regular file", done.stderr)

    def test_when_all_lists_are_revoked_nothing_is_mounted(self):
        self.revoke("package foo", "package bar")
        done = self.start()
        self.assertEqual(done.returncode, 3)
        self.assertIn("every file would be denied", done.stderr)

    def test_options_of_floors_need_floors(self):
        for option in (["--allow-rollback", "foo"],
                       ["--floors-counter", "0x01800001"]):
            done = self.start(*option)
            self.assertEqual(done.returncode, 2)
            self.assertIn("need --floors", done.stderr)

    def test_a_counter_is_an_index_of_the_owner(self):
        done = self.start("--floors", os.path.join(self.base, "floors"),
                          "--floors-counter", "0x01400001")
        self.assertEqual(done.returncode, 2)
        self.assertIn("0x01800000 to 0x01bfffff", done.stderr)


class Rollback(Withdrawal):
    def options(self):
        return [*super().options(), "--floors",
                os.path.join(self.base, "floors")]

    def update(self):
        """Replaces package foo, version 1, by version 2."""
        self.add_package("foo", "2", "foo 2")
        write(self.below("foo"), "foo 2")
        self.assertReads(self.at("foo"), "foo 2")
        os.unlink(os.path.join(self.lists, "rpm-foo-1"))
        wait_until(lambda: self.status()["lists"]["loaded"] == 2)

    def roll_back(self):
        write(self.below("foo"), "foo 1")
        self.add_package("foo", "1", "foo 1")

    def assertRolledBack(self):
        self.assertDenied(self.at("foo"))
        self.assertEqual(self.why("foo")["reason"], "rolled-back")


class RollbackTest(Rollback):
    def test_an_older_package_does_not_come_back(self):
        self.update()
        self.roll_back()
        self.assertRolledBack()
        self.assertIn("--allow-rollback", self.why("foo")["fix"])

    def test_nor_does_it_after_a_restart(self):
        self.update()
        self.unmount()
        self.roll_back()
        self.mount()
        self.assertRolledBack()
        self.unmount()
        self.mount("--allow-rollback", "foo")
        self.assertReads(self.at("foo"), "foo 1")

    def test_while_both_are_there_both_count(self):
        write(self.below("old"), "foo 1")
        self.add_package("foo", "2", "foo 2")
        write(self.below("foo"), "foo 2")
        self.assertReads(self.at("foo"), "foo 2")
        self.assertReads(self.at("old"), "foo 1")

    def test_two_mounts_do_not_share_floors(self):
        other = os.path.join(self.base, "other")
        os.mkdir(other)
        done = assayfs("mount", *self.options(), "--control", other + ".sock",
                       self.tree, other, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("another mount keeps its floors there", done.stderr)


class RollbackWithTpmTest(WithTpm, Rollback):
    OPTIONS = ("--floors-counter", "0x01800001")

    def options(self):
        return [*WithTpm.options(self), "--revoked", self.revoked, "--floors",
                os.path.join(self.base, "floors")]

    def test_an_old_copy_of_the_floors_is_refused(self):
        floors = os.path.join(self.base, "floors")
        self.mount()
        saved = read(floors)
        self.update()
        wait_until(lambda: b"foo 2-1" in read(floors))
        self.unmount()
        current = read(floors)
        write(floors, saved)
        done = assayfs("mount", *self.options(), self.tree, self.mnt,
                       check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is not the copy that was written last", done.stderr)
        write(floors, current)
        self.mount()
        self.roll_back()
        self.assertRolledBack()


if __name__ == "__main__":
    tap.main(judged.needs())
