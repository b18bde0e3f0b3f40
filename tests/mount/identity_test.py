#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which file an inode of the mount stands for, while the tree changes below."""

import mmap
import os
import shutil

import judged
import tap
from judged import read

SIZE = 1 << 20
OLD, NEW = b"old " * (SIZE // 4), b"new " * (SIZE // 4)


class IdentityTest(judged.Judged):
    FILES = {"old": OLD, "new": NEW, "lib": OLD}

    def touch_some_pages(self, path):
        """Brings pages into the kernel's cache, not all of them."""
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
            for offset in range(0, SIZE, SIZE // 8):
                os.pread(file.fileno(), 100, offset)

    def new_opener_sees(self, content):
        """The kernel may rely on a name for a second; never on a mix."""
        def seen():
            found = read(self.at("lib"))
            self.assertIn(found, (OLD, NEW))
            return found == content
        judged.wait_until(seen)

    def test_a_library_replaced_below_is_another_file(self):
        self.touch_some_pages(self.at("lib"))
        with open(self.at("lib"), "rb") as held, mmap.mmap(
                held.fileno(), 0, prot=mmap.PROT_READ) as mapped:
            shutil.copy(self.below("new"), self.below("lib.tmp"))
            os.rename(self.below("lib.tmp"), self.below("lib"))
            self.new_opener_sees(NEW)
            self.assertEqual(mapped[:], OLD)
            self.assertEqual(held.read(), OLD)
            self.assertNotEqual(os.fstat(held.fileno()).st_ino,
                                os.stat(self.at("lib")).st_ino)

    def test_a_library_rewritten_below_shows_no_old_page(self):
        self.touch_some_pages(self.at("lib"))
        for content in (NEW, OLD, NEW):
            with open(self.below("lib"), "r+b") as file:
                file.write(content)
            self.assertReads(self.at("lib"), content)
            self.touch_some_pages(self.at("lib"))

    def test_an_older_holder_sees_no_shorter_piece_of_later_content(self):
        with open(self.at("lib"), "rb", buffering=0) as held:
            os.pread(held.fileno(), 100, 0)
            with open(self.below("lib"), "r+b") as file:
                file.write(NEW)
            self.assertReads(self.at("lib"), NEW)
            try:
                seen = os.pread(held.fileno(), SIZE, 0)
            except OSError:
                return
            self.assertEqual(len(seen), SIZE)

    def test_hard_links_share_one_verdict(self):
        os.link(self.below("lib"), self.below("lib.so"))
        self.assertReads(self.at("lib"), OLD)
        hashed = self.status()["verdicts"]["hashed_files"]
        self.assertReads(self.at("lib.so"), OLD)
        self.assertEqual(self.status()["verdicts"]["hashed_files"], hashed)
        with open(self.at("lib"), "r+b") as file:
            file.write(b"evil")
        self.assertDenied(self.at("lib.so"))

    def test_a_removed_file_is_used_on_by_those_who_know_it(self):
        path_fd = os.open(self.at("lib"), os.O_PATH)
        folder = self.at("folder")
        os.mkdir(folder)
        folder_fd = os.open(folder, os.O_PATH | os.O_DIRECTORY)
        os.unlink(self.at("lib"))
        os.rmdir(folder)
        try:
            self.assertEqual(os.fstat(path_fd).st_nlink, 0)
            self.assertEqual(os.fstat(folder_fd).st_nlink, 0)
            self.assertEqual(read(f"/proc/self/fd/{path_fd}"), OLD)
        finally:
            os.close(path_fd)
            os.close(folder_fd)

    def removed_files_held(self):
        """Returns which removed files the daemon keeps on the disk."""
        folder = f"/proc/{self.daemon.pid}/fd"
        held = set()
        for name in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, name))
            except OSError:
                continue
            if target.startswith(self.tree) and target.endswith("(deleted)"):
                held.add(target)
        return held

    def test_the_room_of_removed_files_is_free_again(self):
        os.link(self.below("lib"), self.below("link"))
        self.assertReads(self.at("lib"), OLD)
        self.assertReads(self.at("new"), NEW)
        with open(self.at("new"), "rb"):
            os.unlink(self.at("new"))
            self.assertEqual(len(self.removed_files_held()), 1)
        judged.wait_until(lambda: not self.removed_files_held())
        os.unlink(self.at("lib"))
        self.assertReads(self.at("link"), OLD)
        os.unlink(self.below("link"))
        judged.wait_until(lambda: not self.removed_files_held())


class InodeUsedAgainTest(judged.Judged):
    """The daemon keeps so few descriptors that lower inodes are let go."""
    FILES = {"old": OLD, "new": NEW, "lib": OLD,
             **{f"other-{i}": str(i) for i in range(40)}}
    STARTER = ("prlimit", "--nofile=64")

    def test_an_inode_used_again_below_is_another_file(self):
        number = os.stat(self.below("lib")).st_ino
        self.assertReads(self.at("lib"), OLD)
        for i in range(40):
            read(self.at(f"other-{i}"))
        os.unlink(self.below("lib"))
        for i in range(64):
            path = self.below(f"again-{i}")
            shutil.copy(self.below("new"), path)
            if os.stat(path).st_ino == number:
                os.rename(path, self.below("lib"))
                break
        else:
            self.skipTest("the lower file system did not use it again")
        # Never the pages of the old file, also while its name is remembered.
        self.assertReads(self.at("lib"), NEW)


if __name__ == "__main__":
    tap.main(judged.needs())
