#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that the kernel opens by itself are judged when they are read."""

import errno
import os
import mmap
import shutil
import signal
import subprocess
import sys

import judged
import tap
from judged import assayfs, read, run, wait_until, write

# Touches the first byte of a mapping of a file, and says so.
TOUCH = """
import mmap, sys
with open(sys.argv[1], "rb") as file:
    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    print(memory[0], flush=True)
    sys.stdin.readline()
    print(memory[0], flush=True)
"""


class AtRead(judged.Judged):
    OPTIONS = ("-o", "ro")

    def setUp(self):
        super().setUp()
        write(self.below("bad"), "no list knows this\n")
        write(self.below("bad-program"), "#!/bin/sh\necho bad\n")
        os.chmod(self.below("bad-program"), 0o755)

    def rejected(self, path):
        """Returns the errno of reading a file that can be opened."""
        with open(path, "rb", buffering=0) as file:
            with self.assertRaises(OSError) as caught:
                file.read(10)
        return caught.exception.errno

    def is_denied(self, path):
        try:
            read(path)
        except PermissionError:
            return True
        return False

    def wait_for_record(self, text):
        wait_until(lambda: text in self.stderr())

    def touch(self, path):
        return subprocess.Popen([sys.executable, "-c", TOUCH, path],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                text=True)


class JudgeTest(AtRead):
    def test_known_content_is_read_run_and_mapped(self):
        self.assertReads(self.at("data"), self.FILES["data"])
        self.assertReads(self.at("big"), self.FILES["big"])
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")
        with open(self.at("big"), "rb") as file, \
                mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
            self.assertEqual(memory[:], self.FILES["big"].encode())

    def test_unknown_content_can_be_opened_but_not_used(self):
        self.assertEqual(self.rejected(self.at("bad")), errno.EACCES)
        with self.assertRaises(PermissionError):
            run(self.at("bad-program"))
        toucher = self.touch(self.at("bad"))
        self.assertEqual(toucher.communicate()[0], "")
        self.assertEqual(toucher.returncode, -signal.SIGBUS)

    def test_a_denial_is_recorded_with_who_read(self):
        done = subprocess.run(["cat", self.at("bad")], user=1234, group=1234,
                              capture_output=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.wait_for_record(f"denied {self.at('bad')} for read by uid 1234: "
                             "unknown-content")

    def test_status_says_so_and_why(self):
        status = self.status()
        self.assertEqual(status["enforce_at"], "read")
        self.assertEqual(status["enforce_at_why"], "read-only mount")
        self.assertIn("at read (read-only mount)",
                      assayfs("status", self.mnt).stdout)

    def test_what_needs_a_handle_elsewhere_works_without(self):
        with open(self.below("holes"), "wb") as file:
            file.truncate(1 << 20)
            file.seek(1 << 19)
            file.write(b"x")
        with open(self.at("holes"), "rb", buffering=0) as file:
            self.assertEqual(file.seek(0, os.SEEK_DATA), 1 << 19)
            with self.assertRaises(OSError) as caught:
                file.seek(1 << 20, os.SEEK_DATA)
            self.assertEqual(caught.exception.errno, errno.ENXIO)
            os.fsync(file.fileno())
        folder = os.open(self.mnt, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self.assertEqual(sorted(os.listdir(self.mnt)),
                         sorted(os.listdir(self.tree)))
        if shutil.which("lsattr"):
            self.assertEqual(run("lsattr", self.at("data")).stdout.split()[0],
                             run("lsattr", self.below("data")).stdout.split()[0])

    def test_a_folder_with_many_names_is_listed(self):
        os.mkdir(self.below("many"))
        names = [f"{i:05}" + "x" * 60 for i in range(3000)]
        for name in names:
            os.symlink("x", self.below("many/" + name))
        self.assertEqual(sorted(os.listdir(self.at("many"))), names)
        self.assertEqual(sorted(os.listdir(self.at("many"))), names)


class FallTest(AtRead):
    def test_a_list_that_goes_takes_pages_along(self):
        write(self.below("more"), "more\n")
        self.make_list("tlv-more", self.below("more"))
        wait_until(lambda: not self.is_denied(self.at("more")))
        self.assertReads(self.at("data"), self.FILES["data"])
        with open(self.at("more"), "rb", buffering=0) as held:
            self.assertEqual(held.read(), b"more\n")
            toucher = self.touch(self.at("more"))
            self.assertEqual(toucher.stdout.readline(), f"{ord('m')}\n")
            os.unlink(os.path.join(self.lists, "tlv-more"))
            wait_until(lambda: self.is_denied(self.at("more")))
            # Who has it open, or mapped, is no better off.
            with self.assertRaises(PermissionError):
                os.pread(held.fileno(), 5, 0)
        toucher.communicate("\n")
        self.assertEqual(toucher.returncode, -signal.SIGBUS)
        self.assertReads(self.at("data"), self.FILES["data"])
        hashed = self.status()["verdicts"]["hashed_files"]
        self.make_list("tlv-more", self.below("more"))
        wait_until(lambda: not self.is_denied(self.at("more")))
        self.assertEqual(self.status()["verdicts"]["hashed_files"], hashed)

    def test_content_that_changes_below_takes_pages_along(self):
        with open(self.at("data"), "rb", buffering=0) as held:
            self.assertEqual(held.read(), self.FILES["data"].encode())
            with open(self.below("data"), "r+b") as file:
                file.write(b"DATA")
            # The writer went on only after that.
            with self.assertRaises(PermissionError):
                os.pread(held.fileno(), 5, 0)
        write(self.below("data"), self.FILES["data"])
        self.assertReads(self.at("data"), self.FILES["data"])

    def test_nothing_of_a_file_stays_that_somebody_below_can_write(self):
        with open(self.below("data"), "r+b") as writer:
            self.assertReads(self.at("data"), self.FILES["data"])
            writer.write(b"DATA")
            writer.flush()
            wait_until(lambda: self.is_denied(self.at("data")))

    def test_a_file_replaced_below_is_judged_anew(self):
        self.assertReads(self.at("data"), self.FILES["data"])
        write(self.below("new"), "other\n")
        os.rename(self.below("new"), self.below("data"))
        wait_until(lambda: self.is_denied(self.at("data")))

    def test_pages_that_are_no_more_what_was_judged_are_not_handed_out(self):
        # Stores into a mapping from before the lease move no stamp.
        with open(self.below("big"), "r+b") as file, \
                mmap.mmap(file.fileno(), 0) as memory:
            memory[0:1] = b"0"
            self.assertReads(self.at("big"), self.FILES["big"])
            memory[0:1] = b"X"
            wait_until(lambda: self.is_refused(self.at("big")))

    def is_refused(self, path):
        try:
            read(path)
        except OSError as error:
            return error.errno in (errno.EACCES, errno.EIO)
        return False


class PolicyTest(AtRead):
    MOUNT = False

    def setUp(self):
        super().setUp()
        self.policy = os.path.join(self.base, "policy")
        write(self.policy, "dont_appraise\n")

    def test_a_policy_that_comes_takes_all_pages_along(self):
        self.mount("--policy", self.policy)
        self.assertReads(self.at("bad"), "no list knows this\n")
        write(self.policy, "appraise\n")
        assayfs("reload", self.mnt)
        self.assertDenied(self.at("bad"))
        self.assertReads(self.at("data"), self.FILES["data"])

    def test_a_policy_that_asks_how_cannot_come(self):
        self.mount("--policy", self.policy)
        write(self.policy, "appraise func=DIGEST_LIST_CHECK\n"
                           "appraise func=BPRM_CHECK\n")
        done = assayfs("reload", self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("now asks who opens a file, or how", done.stderr)
        self.assertReads(self.at("bad"), "no list knows this\n")

    def test_in_log_mode_denials_are_recorded_only(self):
        self.mount("--mode", "log")
        self.assertReads(self.at("bad"), "no list knows this\n")
        self.wait_for_record("unknown-content")


class ChoiceTest(judged.Judged):
    MOUNT = False

    def refuse(self, *options):
        done = assayfs("mount", *self.options(), *options, self.tree,
                       self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        return done.stderr

    def test_a_writable_mount_is_refused_with_the_reason(self):
        self.assertIn("the mount is writable, and what is written could be "
                      "read before it is judged; add -o ro",
                      self.refuse("--enforce-at", "read"))

    def test_a_policy_that_asks_how_is_refused_with_the_reason(self):
        self.assertIn("policy exec asks who opens a file, or how",
                      self.refuse("--enforce-at", "read", "-o", "ro",
                                  "--policy", "exec"))

    def test_at_open_can_be_had_on_a_read_only_mount(self):
        self.mount("--enforce-at", "open", "-o", "ro")
        write(self.below("bad"), "no list knows this\n")
        with self.assertRaises(PermissionError):
            os.open(self.at("bad"), os.O_RDONLY)
        self.assertEqual(self.status()["enforce_at_why"], "asked for")


if __name__ == "__main__":
    tap.main(judged.needs())
