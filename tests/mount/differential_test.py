#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random sequences of calls on the mount and on a plain folder beside it.

ASSAYFS_DIFFERENTIAL names the program that runs them, ASSAYFS_SEQUENCES says
how many, ASSAYFS_SEED repeats a run.
"""

import concurrent.futures
import ctypes
import errno
import fcntl
import mmap
import os
import select
import subprocess

import judged
import tap
from judged import run, write

DIFFERENTIAL = os.environ.get("ASSAYFS_DIFFERENTIAL", "differential")
SEQUENCES = int(os.environ.get("ASSAYFS_SEQUENCES", "10000"))
LIBC = ctypes.CDLL(None, use_errno=True)
COLLAPSE_RANGE, INSERT_RANGE = 8, 32
FICLONE = 0x40049409
CAPABILITY = bytes.fromhex("0100000201200000") + bytes(12)


def compare(mount, plain, sequences, *options):
    """Returns the exit status, and the lines that the program printed."""
    seed = os.environ.get("ASSAYFS_SEED")
    command = [DIFFERENTIAL, "--sequences", str(sequences), *options, mount,
               plain]
    if seed:
        command[1:1] = ["--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True,
                          check=False, timeout=3600)
    return done.returncode, (done.stdout + done.stderr).splitlines()


class Both(judged.Judged):
    """A folder on the mount, and a plain one of the same file system."""

    def setUp(self):
        super().setUp()
        self.plain = os.path.join(self.base, "plain")
        self.work = self.at("work")
        for folder in (self.plain, self.work):
            os.mkdir(folder)

    def assertNothingDiffers(self, sequences, *options):
        """Runs half of the sequences each in two processes at once."""
        folders = [(os.path.join(self.work, n), os.path.join(self.plain, n))
                   for n in ("one", "two")]
        for pair in folders:
            for folder in pair:
                os.mkdir(folder)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            runs = list(pool.map(
                lambda pair: compare(*pair, max(1, sequences // 2), *options),
                folders))
        for _, lines in runs:
            print(f"# {lines[0]}: {lines[-1]}", flush=True)
        failed = ["\n".join(lines) for status, lines in runs if status != 0]
        self.assertFalse(failed, "\n".join(failed))


class LogTest(Both):
    """All files are judged, and none is refused."""
    OPTIONS = ("--mode", "log", "--data", "verified")

    def test_sequences(self):
        self.assertNothingDiffers(SEQUENCES)

    def test_many_threads(self):
        self.assertNothingDiffers(max(60, SEQUENCES // 50), "--threads", "8",
                                  "--steps", "40")


class PassthroughTest(Both):
    """The kernel reads and writes the lower files by itself."""
    OPTIONS = ("--mode", "log")

    def test_sequences(self):
        self.assertNothingDiffers(SEQUENCES // 4)

    def test_many_threads(self):
        self.assertNothingDiffers(max(60, SEQUENCES // 100), "--threads", "8",
                                  "--steps", "40")


class ExecTest(Both):
    """Only programs are judged, so that what is written may be read."""
    OPTIONS = ("--policy", "exec")

    def test_sequences(self):
        self.assertNothingDiffers(SEQUENCES // 10)


class SelfTest(judged.Judged):
    MOUNT = False

    def test_differences_are_seen(self):
        one, other = (os.path.join(self.base, n) for n in ("one", "other"))
        os.mkdir(one)
        os.mkdir(other)
        self.assertEqual(compare(one, self.lists, 20)[0], 0)
        run("mount", "-t", "tmpfs", "-o", "nosuid", "none", other)
        self.addCleanup(run, "umount", other)
        status, lines = compare(other, one, 200)
        self.assertEqual(status, 1, lines)
        self.assertIn("difference: seed", "\n".join(lines))

    def test_a_seed_says_what_is_done(self):
        one, other = (os.path.join(self.base, n) for n in ("one", "other"))
        os.mkdir(one)
        os.mkdir(other)
        run("mount", "-t", "tmpfs", "none", other)
        self.addCleanup(run, "umount", other)
        first, again = (compare(other, one, 30, "--seed", "5")
                        for _ in range(2))
        self.assertEqual(first, again)

    def test_wrong_usage(self):
        self.assertEqual(compare(self.base, "", 1, "--unknown")[0], 2)
        self.assertEqual(compare("/nowhere", self.base, 1)[0], 3)


class DeviationTest(Both):
    """What assayfs(8) says is not as on the bare tree still is not."""
    OPTIONS = ("--mode", "log", "--data", "verified")

    def both(self, work):
        """Returns what work(path of a new file) gives on the bare tree, and
        on the mount."""
        outcomes = []
        for folder in (self.plain, self.work):
            path = os.path.join(folder, "file")
            write(path, "0123456789abcdef" * 1024)
            try:
                outcomes.append(work(path))
            except OSError as error:
                outcomes.append(errno.errorcode[error.errno])
        return outcomes

    @staticmethod
    def store_with_capability(path):
        """Says whether the file still has it after a store."""
        os.setxattr(path, "security.capability", CAPABILITY)
        with open(path, "r+b") as file, \
                mmap.mmap(file.fileno(), 0) as memory:
            memory[0:1] = b"x"
            memory.flush()
        return "security.capability" in os.listxattr(path)

    @staticmethod
    def read_again(path):
        """Says whether the access time stays when bytes are read again."""
        with open(path, "rb", buffering=0) as file:
            file.read()
            os.utime(path, ns=(1, 2))
            os.pread(file.fileno(), 100, 0)
            return os.stat(path).st_atime_ns == 1

    def test_ranges_cannot_be_collapsed_or_inserted(self):
        for mode in (COLLAPSE_RANGE, INSERT_RANGE):
            def work(path, mode=mode):
                fd = os.open(path, os.O_RDWR)
                try:
                    if LIBC.fallocate(fd, mode, ctypes.c_long(4096),
                                      ctypes.c_long(4096)) != 0:
                        raise OSError(ctypes.get_errno(), "fallocate")
                finally:
                    os.close(fd)
                return "done"
            self.assertEqual(self.both(work), ["done", "ENOTSUP"])

    def test_the_largest_offset_is_not_known(self):
        def work(path):
            with open(path, "rb", buffering=0) as file:
                return file.seek(1 << 62)
        self.assertEqual(self.both(work), ["EINVAL", 1 << 62])

    def test_a_group_bit_that_means_nothing_stays_when_others_write(self):
        def work(path):
            os.chown(path, 0, 4321)
            os.chmod(path, 0o2704)
            fd = os.open(path, os.O_WRONLY)
            try:
                subprocess.run(["echo", "x"], stdout=fd, user=1234, group=1234,
                               check=True)
            finally:
                os.close(fd)
            return oct(os.stat(path).st_mode)
        self.assertEqual(self.both(work), ["0o100704", "0o102704"])

    def test_a_group_bit_that_means_nothing_stays_on_chown_to_nobody(self):
        def work(path):
            outcomes = []
            for owner in (0, 1234):
                os.chown(path, owner, 4321)
                os.chmod(path, 0o2704)
                done = subprocess.run(
                    ["perl", "-e", 'exit !chown(-1, -1, "file")'], user=1234,
                    group=1234, extra_groups=[], check=False,
                    cwd=os.path.dirname(path))
                outcomes.append((done.returncode, oct(os.stat(path).st_mode)))
            return outcomes
        self.assertEqual(self.both(work),
                         [[(1, "0o102704"), (0, "0o100704")],
                          [(0, "0o102704"), (0, "0o102704")]])

    def test_a_removed_folder_keeps_its_size_for_locks(self):
        def work(path):
            folder = os.path.join(os.path.dirname(path), "folder")
            os.mkdir(folder)
            fd = os.open(folder, os.O_RDONLY)
            os.rmdir(folder)
            try:
                fcntl.lockf(fd, fcntl.LOCK_UN, 1, -1, os.SEEK_END)
                return 0
            except OSError as error:
                return error.errno
            finally:
                os.close(fd)
        self.assertEqual(self.both(work), [errno.EINVAL, 0])

    def test_a_truncate_that_is_too_long_takes_file_capabilities_away(self):
        def work(path):
            os.setxattr(path, "security.capability", CAPABILITY)
            with self.assertRaises(OSError) as caught:
                os.truncate(path, 1 << 62)
            self.assertEqual(caught.exception.errno, errno.EFBIG)
            return "security.capability" in os.listxattr(path)
        self.assertEqual(self.both(work), [True, False])

    def test_links_that_come_and_go_at_once_may_not_be_counted(self):
        path = os.path.join(self.work, "shared")
        write(path, "x")

        def work(number):
            folder = os.path.join(self.work, str(number))
            os.mkdir(folder)
            for _ in range(1000):
                try:
                    os.link(path, os.path.join(folder, "link"))
                except FileNotFoundError:
                    os.stat(path)  # it is there, and now it is counted anew
                else:
                    os.unlink(os.path.join(folder, "link"))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
        self.assertEqual(os.stat(path).st_nlink, 1)
        os.link(path, path + "-2")
        self.assertEqual(os.stat(path).st_nlink, 2)

    def test_noatime_is_heard_of_when_a_file_is_opened(self):
        def work(path):
            with open(path, "rb", buffering=0) as file:
                fcntl.fcntl(file, fcntl.F_SETFL, os.O_NOATIME)
                os.utime(path, ns=(1, 2))
                file.read()
                return os.stat(path).st_atime_ns == 1
        self.assertEqual(self.both(work), [True, False])

    def test_noatime_is_not_heard_of_for_folders(self):
        def work(path):
            folder = os.path.dirname(path)
            fd = os.open(folder, os.O_RDONLY | os.O_NOATIME)
            try:
                os.utime(folder, ns=(1, os.stat(folder).st_mtime_ns))
                os.listdir(fd)
            finally:
                os.close(fd)
            return os.stat(folder).st_atime_ns == 1
        self.assertEqual(self.both(work), [True, False])

    def test_repeated_reads_do_not_set_the_access_time(self):
        self.assertEqual(self.both(self.read_again), [False, True])

    def test_repeated_listings_do_not_set_the_access_time(self):
        def work(path):
            folder = os.path.dirname(path)
            os.listdir(folder)
            changed = os.stat(folder).st_mtime_ns
            os.utime(folder, ns=(1, changed))
            os.listdir(folder)
            return os.stat(folder).st_atime_ns == 1
        self.assertEqual(self.both(work), [False, True])

    def test_the_use_of_a_fifo_does_not_set_its_times(self):
        def work(path):
            os.unlink(path)
            os.mkfifo(path)
            fd = os.open(path, os.O_RDWR)
            try:
                os.utime(path, ns=(1, 2))
                os.write(fd, b"x")
                os.read(fd, 1)
            finally:
                os.close(fd)
            after = os.stat(path)
            return (after.st_atime_ns, after.st_mtime_ns) == (1, 2)
        self.assertEqual(self.both(work), [False, True])

    def test_allocated_room_may_count_as_data(self):
        def work(path):
            fd = os.open(path, os.O_RDWR | os.O_TRUNC)
            os.posix_fallocate(fd, 0, 65536)
            os.close(fd)
            fd = os.open(path, os.O_RDONLY)
            try:
                return os.lseek(fd, 0, os.SEEK_DATA)
            finally:
                os.close(fd)
        self.assertEqual(self.both(work), ["ENXIO", 0])

    def test_stores_through_a_mapping_take_file_capabilities_away(self):
        self.assertEqual(self.both(self.store_with_capability), [True, False])

    def test_stores_through_a_mapping_may_fill_other_holes(self):
        def work(path):
            write(path, bytes(140000))
            with open(path, "r+b") as file:
                # PUNCH_HOLE and KEEP_SIZE
                LIBC.fallocate(file.fileno(), 3, ctypes.c_long(8192),
                               ctypes.c_long(4096))
                with mmap.mmap(file.fileno(), 16384) as memory:
                    memory[0:1] = b"x"
                return os.fstat(file.fileno()).st_blocks
        bare, mount = self.both(work)
        self.assertLessEqual(mount, bare)

    def test_files_cannot_be_cloned(self):
        # Nor can they be on ext4; where they can, this is the deviation.
        with open(self.at("data"), "rb") as source, \
                open(os.path.join(self.work, "copy"), "wb") as target:
            with self.assertRaises(OSError) as caught:
                fcntl.ioctl(target, FICLONE, source.fileno())
        self.assertEqual(caught.exception.errno, errno.EOPNOTSUPP)

    def test_locks_are_not_shared_with_the_lower_tree(self):
        with open(self.at("data"), "rb") as above, \
                open(self.below("data"), "rb") as below:
            for file in (above, below):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_files_can_be_waited_for(self):
        def work(path):
            with open(path, "rb") as file, select.epoll() as poll:
                poll.register(file)
                return len(poll.poll(0))
        self.assertEqual(self.both(work), ["EPERM", 1])

    def test_the_time_of_birth_is_not_told(self):
        def work(path):
            return run("stat", "-c", "%W", path).stdout.strip() not in "0-"
        self.assertEqual(self.both(work), [True, False])

    def test_who_asks_for_what_is_known_gets_what_was_known(self):
        path = os.path.join(self.work, "file")
        write(path, "0")

        def modes():
            return [run("stat", "--cached=" + cached, "-c", "%a",
                        path).stdout.strip() for cached in ("always", "never")]
        os.chmod(path, 0o600)
        self.assertEqual(modes(), ["600", "600"])
        os.chmod(os.path.join(self.tree, "work/file"), 0o640)
        self.assertEqual(modes(), ["600", "640"])


class PassthroughDeviationTest(DeviationTest):
    """The same where the kernel reads and writes the lower files by itself."""
    OPTIONS = ("--mode", "log")
    # These two are so only where bytes go through the daemon.
    test_repeated_reads_do_not_set_the_access_time = None
    test_stores_through_a_mapping_take_file_capabilities_away = None

    def test_repeated_reads_set_the_access_time(self):
        self.assertEqual(self.both(self.read_again), [False, False])

    def test_stores_through_a_mapping_leave_file_capabilities_alone(self):
        self.assertEqual(self.both(self.store_with_capability), [True, True])

    def append_no_more(self, path):
        """Returns the size after bytes were written in place."""
        fd = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            fcntl.fcntl(fd, fcntl.F_SETFL, 0)
            os.pwrite(fd, b"here", 0)
            return os.fstat(fd).st_size
        finally:
            os.close(fd)

    def test_appending_can_be_taken_back(self):
        self.assertEqual(self.both(self.append_no_more), [16384, 16384])

    def test_but_not_while_another_has_the_file_open(self):
        def work(path):
            with open(path, "r+b", buffering=0):
                return self.append_no_more(path)
        self.assertEqual(self.both(work), [16384, 16388])


if __name__ == "__main__":
    tap.main(judged.needs())
