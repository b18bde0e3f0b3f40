#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which files the kernel reads and writes by itself, and what that means.

Skipped where the kernel has no passthrough (before Linux 6.9).
"""

import contextlib
import mmap
import os
import subprocess

import judged
import tap
from judged import PATIENCE, assayfs, run, write


def needs():
    release = tuple(int(n) for n in os.uname().release.split(".")[:2])
    return judged.needs() or (
        "needs Linux 6.9" if release < (6, 9) else None)


class Passed(judged.Judged):
    MOUNT = False

    def below(self, name):
        return os.path.join(self.tree, name)

    def ways(self):
        """Returns how many opens go through the daemon, and how many do not."""
        opens = self.status()["open_files"]
        return opens["through_daemon"], opens["passthrough"]

    def assertWays(self, through_daemon, passed):
        # The kernel tells of the end of a handle a moment later.
        with contextlib.suppress(AssertionError):
            judged.wait_until(lambda: self.ways() == (through_daemon, passed))
        self.assertEqual(self.ways(), (through_daemon, passed))


class ChoiceTest(Passed):
    def test_where_nothing_is_judged_all_pass(self):
        self.mount("--mode", "off")
        self.assertEqual(self.status()["data"], "auto")
        with open(self.at("data"), "rb"), open(self.at("big"), "r+b"):
            self.assertWays(0, 2)
            self.assertIn("0 through the daemon, 2 by the kernel",
                          assayfs("status", self.mnt).stdout)
        self.assertWays(0, 0)

    def test_where_nothing_is_refused_all_pass(self):
        self.mount("--mode", "log")
        with open(self.at("data"), "rb"), open(self.at("new"), "wb"):
            self.assertWays(0, 2)
        self.assertReads(self.at("data"), "data\n")

    def test_what_is_judged_is_verified_and_writers_pass(self):
        self.mount()
        with open(self.at("data"), "rb"), open(self.at("big"), "r+b") as file:
            self.assertWays(1, 1)
            file.seek(1 << 20)
            file.write(b"more")
        self.assertEqual(os.stat(self.at("big")).st_size, (1 << 20) + 4)
        self.assertDenied(self.at("big"))
        with open(self.at("new"), "xb") as file:
            file.write(b"data\n")
            self.assertWays(0, 1)
        self.assertReads(self.at("new"), "data\n")

    def test_a_writer_of_what_somebody_reads_does_not_pass(self):
        self.mount()
        with open(self.at("data"), "rb") as reader:
            memory = mmap.mmap(reader.fileno(), 0, prot=mmap.PROT_READ)
        self.addCleanup(memory.close)
        with open(self.at("data"), "r+b", buffering=0) as writer:
            self.assertWays(2, 0)
            writer.write(b"DATA")
        memory.close()
        self.assertWays(0, 0)
        writer = os.open(self.at("data"), os.O_WRONLY)
        self.assertWays(0, 1)
        os.write(writer, b"data")
        os.close(writer)
        self.assertReads(self.at("data"), "data\n")

    def test_where_others_may_be_judged_none_pass(self):
        self.mount("--policy", "exec")
        with open(self.at("data"), "rb"), open(self.at("big"), "r+b"):
            self.assertWays(2, 0)
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")

    def test_none_pass_if_all_is_to_be_verified(self):
        self.mount("--mode", "off", "--data", "verified")
        self.assertEqual(self.status()["data"], "verified")
        with open(self.at("data"), "rb"), open(self.at("big"), "r+b"):
            self.assertWays(2, 0)

    def test_all_pass_if_that_is_asked_for(self):
        self.mount("--data", "passthrough")
        self.assertEqual(self.status()["data"], "passthrough")
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")
        write(self.below("bad"), "unknown")
        self.assertDenied(self.at("bad"))
        with open(self.at("data"), "rb", buffering=0) as file, \
                open(self.at("bin/hello"), "ab"):
            self.assertWays(0, 2)
            # Who has it open sees what is written below; nobody else does.
            write(self.below("data"), "DATA\n")
            self.assertEqual(file.read(), b"DATA\n")
            self.assertDenied(self.at("data"))

    def test_what_somebody_may_write_below_is_verified_all_the_same(self):
        self.mount("--data", "passthrough")
        with open(self.below("data"), "r+b", buffering=0) as writer, \
                open(self.at("data"), "rb", buffering=0) as reader:
            self.assertWays(1, 0)
            writer.write(b"DATA")
            with self.assertRaises(OSError):
                reader.read()

    def test_whoever_may_not_see_other_bytes_waits_for_those_who_may(self):
        policy = os.path.join(self.base, "policy")
        write(policy, "dont_appraise\n")
        self.mount("--policy", policy)
        with open(self.at("data"), "rb"):
            self.assertWays(0, 1)
            write(policy, "appraise\n")
            assayfs("reload", self.mnt)
            with self.assertRaises(OSError):
                judged.read(self.at("data"))
        self.assertWays(0, 0)
        self.assertReads(self.at("data"), "data\n")


class PassedWritesTest(Passed):
    def setUp(self):
        super().setUp()
        self.mount("--mode", "off")

    def test_they_take_privileges_away(self):
        path = self.below("data")
        os.chown(path, 0, 0)
        os.chmod(path, 0o6777)
        os.setxattr(path, "security.capability",
                    bytes.fromhex("0100000201200000") + bytes(12))
        done = subprocess.run(["dd", "of=" + self.at("data"), "conv=notrunc"],
                              input=b"DATA", user=1234, group=1234,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.stat(self.at("data")).st_mode & 0o7777, 0o777)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o777)
        self.assertNotIn("security.capability", os.listxattr(path))

    def test_they_outlive_the_daemon(self):
        file = os.open(self.at("data"), os.O_RDWR)
        self.daemon.kill()
        self.daemon.wait(PATIENCE)
        os.write(file, b"DATA")
        with self.assertRaises(OSError):
            os.close(file)  # of which the daemon would be told
        self.assertEqual(judged.read(self.below("data")), b"DATA\n")


class FallBackTest(Passed):
    def test_files_of_a_stacked_file_system_do_not_pass(self):
        layers = os.path.join(self.base, "layers")
        run("mount", "--mkdir", "-t", "tmpfs", "none", layers)
        self.addCleanup(run, "umount", layers)
        upper, work = (os.path.join(layers, n) for n in ("upper", "work"))
        os.mkdir(upper)
        os.mkdir(work)
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={self.tree},upperdir={upper},workdir={work}", self.tree)
        self.addCleanup(run, "umount", self.tree)
        self.mount("--mode", "off")
        with open(self.at("data"), "r+b", buffering=0) as file:
            self.assertWays(1, 0)
            file.write(b"DATA")
        self.assertReads(self.at("data"), "DATA\n")

    def test_an_overlay_can_be_mounted_on_top(self):
        self.mount("--mode", "off")
        with open(self.at("data"), "rb"):
            upper, work, top = (os.path.join(self.base, n)
                                for n in ("upper", "work", "top"))
            for folder in (upper, work, top):
                os.mkdir(folder)
            run("mount", "-t", "overlay", "overlay", "-o",
                f"lowerdir={self.mnt},upperdir={upper},workdir={work}", top)
            self.addCleanup(run, "umount", top)
            self.assertReads(os.path.join(top, "data"), "data\n")
            write(os.path.join(top, "data"), "copied up")
        self.assertReads(self.at("data"), "data\n")
        run("umount", top)
        run("mount", "-t", "tmpfs", "none", top)


if __name__ == "__main__":
    tap.main(needs())
