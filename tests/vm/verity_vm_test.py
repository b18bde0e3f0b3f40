#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that have fs-verity, in a virtual machine, because few machines do."""

import json
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../mount"))

import judged
import machine
import tap
from judged import ASSAYFS, assayfs, read, run, write

MARK = b"somewhere in the file, and nowhere else"
CONTENT = bytes(1 << 20) + MARK + b"x" * 5000
GOOD = judged.sha256(CONTENT)
MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "fuse")
CRYPTO_TEST = os.path.join(os.path.dirname(ASSAYFS),
                           "../../tests/unit/crypto/crypto-test")

ENABLE = """
set -e
mount -t ext4 /dev/vda /disk
for name in listed alien; do fsverity enable /disk/tree/$name; done
umount /disk
"""

# The key and the list lie on the disk, beside the tree.
MOUNT = """
set -e
mount -t ext4 /dev/vda /disk
assayfs mount --lists /disk/lists --keys /disk/key.pem --policy /disk/policy \
  --tpm off --log-file /run/log --control /run/control OPTIONS \
  /disk/tree /mnt
answer() { echo "$1: $(cat /mnt/$2 2>&1 >/run/content | sed 's/.*: //')" \
  "$(sha256sum </run/content | cut -c1-64)"; }
"""
STATUS = """
echo "status: $(assayfs status --json --control /run/control /mnt | tr -d '\\n')"
umount /mnt
umount /disk
"""


def setUpModule():
    Made.folder = tempfile.mkdtemp(prefix="assayfs-vm-")
    try:
        Made.make()
    except BaseException:
        tearDownModule()
        raise


def tearDownModule():
    shutil.rmtree(Made.folder)


class Made:
    """A disk whose files have fs-verity, and a machine to boot with it."""

    folder = None

    @classmethod
    def at(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def make(cls):
        key, certificate = judged.signing_key()
        os.makedirs(cls.at("disk/tree"))
        os.mkdir(cls.at("disk/lists"))
        os.mkdir(cls.at("made"))
        write(cls.at("disk/tree/listed"), CONTENT)
        write(cls.at("disk/tree/alien"), b"alien\n")
        write(cls.at("disk/policy"), "appraise digest_type=verity\n")
        shutil.copy(certificate, cls.at("disk/key.pem"))
        assayfs("lists", "gen", "--format", "tlv", "--algorithm",
                "verity-sha256", "--name", "one", "--root",
                cls.at("disk/tree"), "-o", cls.at("made"),
                cls.at("disk/tree/listed"))
        made, = os.listdir(cls.at("made"))
        assayfs("lists", "sign", "--key", key, "--cert", certificate,
                cls.at("made/" + made))
        os.rename(cls.at("made/" + made), cls.at("disk/lists/tlv-one"))
        cls.disk = cls.at("image")
        with open(cls.disk, "wb") as image:
            image.truncate(32 << 20)
        run("mkfs.ext4", "-q", "-b", "4096", "-O", "verity", "-d",
            cls.at("disk"), cls.disk)
        programs = [ASSAYFS, shutil.which("fsverity")]
        if os.path.exists(CRYPTO_TEST):
            programs.append(CRYPTO_TEST)
        cls.machine = machine.Machine(cls.at("machine"), MODULES, programs)
        cls.machine.run(ENABLE, cls.disk)


class Booted(unittest.TestCase):
    def boot(self, work, options=""):
        """Returns what the script told, by name, and the status."""
        disk = Made.at(self.id())
        shutil.copy(Made.disk, disk)
        self.addCleanup(os.unlink, disk)
        self.change(disk)
        lines = Made.machine.run(
            MOUNT.replace("OPTIONS", options) + work + STATUS, disk)
        told = dict(line.split(": ", 1) for line in lines if ": " in line)
        return told, json.loads(told["status"])

    def change(self, disk):
        """What somebody does to the disk, without the kernel."""


class VerityTest(Booted):
    def test_what_the_kernel_knows_is_not_hashed(self):
        told, status = self.boot("answer listed listed\nanswer alien alien\n")
        self.assertEqual(told["listed"].strip(), GOOD)
        self.assertIn("Permission denied", told["alien"])
        self.assertEqual(status["verdicts"]["hashed_files"], 0)

    def test_nor_where_files_are_judged_when_they_are_read(self):
        told, status = self.boot("answer listed listed\nanswer alien alien\n",
                                 "-o ro")
        self.assertEqual(status["enforce_at"], "read")
        self.assertEqual(told["listed"].strip(), GOOD)
        self.assertIn("Permission denied", told["alien"])
        self.assertEqual(status["verdicts"]["hashed_files"], 0)

    def test_its_verdict_falls_with_the_list(self):
        told, status = self.boot(
            "answer before listed\nrm /disk/lists/*\nanswer after listed\n")
        self.assertEqual(told["before"].strip(), GOOD)
        self.assertIn("Permission denied", told["after"])
        self.assertEqual(status["verdicts"]["hashed_files"], 0)

    @unittest.skipUnless(os.path.exists(CRYPTO_TEST), "no unit tests built")
    def test_the_digest_is_the_one_that_is_computed(self):
        told, _ = self.boot(
            "ASSAYFS_VERITY_FILE=/disk/tree/listed crypto-test "
            "--gtest_filter=LowerVerityTest.TheKernel* >"
            "/run/test; grep -q 'PASSED.* 1 test' /run/test && "
            "echo 'unit: passed' || cat /run/test\n")
        self.assertEqual(told.get("unit"), "passed")


class TamperedTest(Booted):
    """A byte of the file is changed on the disk."""

    def change(self, disk):
        image = read(disk)
        self.assertEqual(image.count(MARK), 1)
        with open(disk, "r+b") as file:
            file.seek(image.index(MARK))
            file.write(b"S")

    def assertNotRead(self, *options):
        told, status = self.boot("answer listed listed\n", *options)
        self.assertIn("Input/output error", told["listed"])
        self.assertEqual(status["verdicts"]["hashed_files"], 0)
        self.assertGreaterEqual(status["verdicts"]["denied"], 1)

    def test_what_the_kernel_refuses_is_refused(self):
        self.assertNotRead()

    def test_also_where_files_are_judged_when_they_are_read(self):
        self.assertNotRead("-o ro")


if __name__ == "__main__":
    tap.main(judged.needs() or machine.needs())
