#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trees of many files: descriptors and memory of the daemon.

ASSAYFS_LIMIT_FILES says how many files the tree has.
"""

import os
import subprocess

import judged
import tap
from judged import read, run, write

FILES = int(os.environ.get("ASSAYFS_LIMIT_FILES", "100000"))
FILES_A_FOLDER = 1000
BYTES_AN_INODE = 350
DESCRIPTORS = 1024


class WalkTest(judged.Judged):
    """The daemon may open few files and knows many."""
    MOUNT = False
    OPTIONS = ("--mode", "log")
    STARTER = ("prlimit", f"--nofile={DESCRIPTORS}")

    def setUp(self):
        super().setUp()
        # In memory, to be quick; its files have handles.
        run("mount", "-t", "tmpfs", "-o", "nr_inodes=0", "none", self.tree)
        self.addCleanup(run, "umount", self.tree)
        for number in range(0, FILES, FILES_A_FOLDER):
            folder = self.below(f"folder-{number}")
            os.mkdir(folder)
            for i in range(number, number + FILES_A_FOLDER):
                os.close(os.open(f"{folder}/file-{i:07}",
                                 os.O_CREAT | os.O_WRONLY, 0o644))
        self.inodes = FILES + FILES // FILES_A_FOLDER

    def resident_bytes(self):
        text = read(f"/proc/{self.daemon.pid}/smaps_rollup").decode()
        line, = (l for l in text.splitlines() if l.startswith("Rss:"))
        return int(line.split()[1]) * 1024

    def walk(self):
        """Returns how many files find saw, with what stat says of each."""
        with subprocess.Popen(["find", self.mnt, "-ls"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as find:
            seen = sum(chunk.count(b"\n") for chunk in
                       iter(lambda: find.stdout.read(1 << 20), b""))
            errors = find.stderr.read()
        self.assertEqual((find.returncode, errors), (0, b""))
        return seen

    def test_a_large_tree_is_walked_with_few_descriptors(self):
        self.mount()
        self.walk_twice()

    def walk_twice(self):
        start = self.resident_bytes()
        for _ in range(2):
            self.assertEqual(self.walk(), self.inodes + 1)
        used = self.resident_bytes() - start
        print(f"# {self.inodes} inodes, {used / self.inodes:.0f} bytes each "
              f"above {start >> 20} MiB", flush=True)
        if judged.SANITIZED:
            return  # memory is the sanitizer's
        # The kernel has not dropped them: the figure is of all inodes. Beside
        # them each thread that answers keeps memory: more of them under load.
        self.assertLessEqual(used, BYTES_AN_INODE * self.inodes + (4 << 20))

        def falls():
            # What was used a moment ago, the kernel spares the first time.
            write("/proc/sys/vm/drop_caches", "2")
            return self.resident_bytes() - start < used / 2
        judged.wait_until(falls)

    def test_files_without_handles_are_found_by_name(self):
        upper, work, merged = (os.path.join(self.base, n)
                               for n in ("upper", "work", "merged"))
        for folder in (upper, work, merged):
            os.mkdir(folder)
        run("mount", "-t", "overlay", "-o",
            f"lowerdir={self.tree},upperdir={upper},workdir={work}", "none",
            merged)
        self.addCleanup(run, "umount", merged)
        self.mount(lower=merged)
        self.assertEqual(self.walk(), self.inodes + 1)
        # Names that were moved, below and through the mount.
        os.rename(self.at("folder-0/file-0000001"), self.at("folder-0/moved"))
        write(self.at("folder-0/moved"), "new")
        self.assertReads(self.at("folder-0/moved"), "new")
        os.rename(os.path.join(merged, "folder-0/moved"),
                  os.path.join(merged, "folder-0/again"))
        self.assertReads(self.at("folder-0/again"), "new")


class OpenFoldersTest(judged.Judged):
    """Programs hold folders open, and the kernel remembers them besides."""
    STARTER = ("prlimit", f"--nofile={DESCRIPTORS}")
    FOLDERS = 600

    def test_an_open_folder_costs_one_descriptor(self):
        for number in range(self.FOLDERS):
            os.mkdir(self.below(str(number)))
        for number in range(self.FOLDERS):
            fd = os.open(self.at(str(number)), os.O_RDONLY)
            self.addCleanup(os.close, fd)
        self.assertEqual(len(os.listdir(self.mnt)),
                         len(os.listdir(self.tree)))


if __name__ == "__main__":
    tap.main(judged.needs())
