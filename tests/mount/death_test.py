#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon dies or stops under load, and callers die while they wait."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import judged
import tap
from judged import ASSAYFS, PATIENCE, assayfs, read, run, write

# What a caller may get when the daemon goes: in flight, and from then on.
IN_FLIGHT = {errno.EIO, errno.ECONNABORTED, errno.ENOTCONN}

# Writes numbered records, and says each number that fsync has confirmed. Ends
# at the first error: says which call gave it, its number, and what the next
# call gives.
WRITER = """
import os, sys
path, size = sys.argv[1], int(sys.argv[2])
number = 0
call = "open"
try:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    while True:
        record = (b"%015d\\n" % number) * (size // 16)
        call = "write"
        done = os.write(fd, record)
        call = "fsync"
        if done != size:
            print("short", done, flush=True)
            break
        os.fsync(fd)
        print("synced", number, flush=True)
        number += 1
except OSError as error:
    print(call, error.errno, flush=True)
    try:
        os.fsync(fd)
    except OSError as error:
        print("then", error.errno, flush=True)
os._exit(0)
"""
# Longest wait for the end of a process that was told to end.
SOON = 20
SIZES = (16, 4096, 16384, 1 << 20)


class Writer:
    """A process that writes and syncs, and what it has said so far."""

    def __init__(self, mounted, lower, size):
        self.lower = lower
        self.size = size
        self.synced = 0
        self.failed = None
        self.error = None
        self.then = None
        self.short = None
        self.process = subprocess.Popen(
            [sys.executable, "-c", WRITER, mounted, str(size)],
            stdout=subprocess.PIPE, text=True)
        self.started = threading.Event()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self):
        for line in self.process.stdout:
            word, number = line.split()
            if word == "synced":
                self.synced = int(number) + 1
                if self.synced == 3:
                    self.started.set()
            elif word == "short":
                self.short = int(number)
            elif word == "then":
                self.then = int(number)
            else:
                self.failed, self.error = word, int(number)

    def end(self):
        """Waits for its end, which must come by itself. Returns a status."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(PATIENCE)
            self.listener.join(PATIENCE)
            self.process.stdout.close()


class UnderLoad(judged.Judged):
    """Several writers and readers that go on until the mount fails."""

    def start_load(self, mounted):
        self.writers = [Writer(os.path.join(mounted, f"written-{i}"),
                               os.path.join(self.tree, f"written-{i}"), size)
                        for i, size in enumerate(SIZES)]
        self.read_errors = []
        self.readers = [threading.Thread(target=self.read_on,
                                         args=(mounted,), daemon=True)
                        for _ in range(2)]
        for reader in self.readers:
            reader.start()
        for writer in self.writers:
            self.assertTrue(writer.started.wait(PATIENCE))

    def read_on(self, mounted):
        try:
            while read(os.path.join(mounted, "data")) == b"data\n":
                pass
            self.read_errors.append(None)
        except OSError as error:
            self.read_errors.append(error.errno)

    def end_load(self):
        for writer in self.writers:
            self.assertEqual(writer.end(), 0, "a writer hung")
        for reader in self.readers:
            reader.join(PATIENCE)
            self.assertFalse(reader.is_alive(), "a reader hung")
        self.assertEqual(len(self.read_errors), len(self.readers))

    def check_written(self):
        """All that was synced is there, in order; returns the bytes there."""
        sizes = []
        for writer in self.writers:
            content = read(writer.lower)
            records = [b"%015d\n" % i * (writer.size // 16)
                       for i in range(writer.synced + 1)]
            synced = b"".join(records[:-1])
            self.assertGreater(writer.synced, 0)
            self.assertEqual(content[:len(synced)], synced)
            # No more than the record that was on its way.
            rest = content[len(synced):]
            self.assertEqual(rest, records[-1][:len(rest)])
            sizes.append(len(rest))
        return sizes


class KillTest(UnderLoad):
    MOUNT = False

    def kill(self):
        self.daemon.kill()
        self.daemon.wait(PATIENCE)

    def check_dead(self, point):
        # Attributes are remembered for a second; all else is asked for.
        for use in (os.listdir, os.statvfs,
                    lambda path: os.open(os.path.join(path, "data"),
                                         os.O_RDONLY)):
            with self.assertRaises(OSError) as caught:
                use(point)
            self.assertEqual(caught.exception.errno, errno.ENOTCONN)

    def kill_under_load(self, point):
        self.mount(point=point)
        self.start_load(point)
        self.kill()
        self.end_load()
        for writer in self.writers:
            self.assertIsNone(writer.short)
            self.assertIn(writer.error, IN_FLIGHT)
        for error in self.read_errors:
            self.assertIn(error, IN_FLIGHT)
        self.check_dead(point)

    def mount_in_background(self, point):
        done = assayfs("mount", *self.options(), self.tree, point, check=False)
        self.addCleanup(self.unmount, point)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertReads(os.path.join(point, "data"), "data\n")
        write(os.path.join(point, "alien"), "alien")
        self.assertDenied(os.path.join(point, "alien"))

    def take_away(self, point):
        while os.path.ismount(point) or self.is_dead(point):
            run("umount", "-l", point)

    def is_dead(self, point):
        try:
            os.statvfs(point)
        except OSError as error:
            return error.errno == errno.ENOTCONN
        return False

    def unmount(self, point=None):
        super().unmount(point)
        self.take_away(point or self.mnt)

    def test_nothing_synced_is_lost_and_nobody_hangs(self):
        self.kill_under_load(self.mnt)
        self.check_written()

    def test_the_same_where_the_mount_covers_its_tree(self):
        self.kill_under_load(self.tree)
        self.take_away(self.tree)
        self.check_written()

    def remount_after_umount(self, point):
        self.kill_under_load(point)
        run("umount", "-l", point)
        self.mount_in_background(point)
        self.check_written_through(point)

    def test_a_remount_works_at_once_after_umount(self):
        self.remount_after_umount(self.mnt)

    def test_a_remount_of_the_tree_on_itself_works_at_once_after_umount(self):
        self.remount_after_umount(self.tree)

    def test_a_remount_works_straight_over_a_dead_mount(self):
        self.kill_under_load(self.mnt)
        self.mount_in_background(self.mnt)
        self.check_written_through(self.mnt)

    def test_a_remount_works_over_a_dead_mount_of_the_tree_on_itself(self):
        self.kill_under_load(self.tree)
        self.mount_in_background(self.tree)
        self.check_written_through(self.tree)

    def check_written_through(self, point):
        """What the writers made is there, with no list that knows it."""
        for writer in self.writers:
            name = os.path.join(point, os.path.basename(writer.lower))
            self.assertGreaterEqual(os.stat(name).st_size,
                                    writer.synced * writer.size)
            os.unlink(name)

    def test_handles_of_the_dead_mount_are_dead_after_a_remount(self):
        self.mount()
        with open(self.at("big"), "rb", buffering=0) as held:
            self.kill()
            run("umount", "-l", self.mnt)
            self.mount_in_background(self.mnt)
            with self.assertRaises(OSError) as caught:
                os.pread(held.fileno(), 10, 1 << 19)
            self.assertIn(caught.exception.errno, IN_FLIGHT)

    def test_a_kill_while_openers_wait_for_a_hash(self):
        with open(self.below("huge"), "wb") as file:
            file.truncate(64 << 30)
        self.mount()
        opener = start_opener(self, "huge")
        self.kill()
        self.assertNotEqual(opener.wait(PATIENCE), 0)


class AbortTest(judged.Judged):
    def test_a_forced_unmount_of_a_busy_mount_is_told_of(self):
        with open(self.at("data"), "rb"):
            run("umount", "-f", self.mnt, check=False)
            self.assertEqual(self.daemon.wait(PATIENCE), 3, self.stderr())
        self.assertIn(f"{self.mnt}: the connection was aborted, and no file "
                      "there can be used until it is unmounted or mounted "
                      "again", self.stderr())
        self.mount()
        self.assertReads(self.at("data"), self.FILES["data"])

    def test_an_unmount_by_somebody_else_ends_the_daemon(self):
        run("umount", self.mnt)
        self.assertEqual(self.daemon.wait(PATIENCE), 0, self.stderr())
        self.assertEqual(self.stderr(), "")


class StopTest(UnderLoad):
    def stop_under_load(self, point):
        self.start_load(point)
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(PATIENCE), 0, self.stderr())
        self.end_load()
        self.assertFalse(os.path.ismount(point))
        for writer in self.writers:
            self.assertIsNone(writer.short)
            # What nobody had begun to serve is aborted; then all is over.
            self.assertIn(writer.error, (errno.ENOTCONN, errno.ECONNABORTED))
            self.assertEqual(writer.then, errno.ENOTCONN)
        for writer, rest in zip(self.writers, self.check_written()):
            # A write that failed was not begun, and a sync follows its write.
            self.assertEqual(rest, writer.size if writer.failed == "fsync"
                             else 0)

    def read_on(self, mounted):
        """Reads until the mount is gone; by then a name leads below it."""
        try:
            while os.path.ismount(mounted):
                read(os.path.join(mounted, "data"))
            self.read_errors.append(None)
        except OSError as error:
            self.read_errors.append(error.errno)

    def test_requests_in_flight_are_finished(self):
        self.stop_under_load(self.mnt)
        for error in self.read_errors:
            self.assertIn(error, (None, errno.ENOTCONN, errno.ECONNABORTED,
                                  errno.ENOENT))

    def test_requests_are_finished_where_the_mount_covers_its_tree(self):
        self.unmount()
        self.mount(point=self.tree)
        self.stop_under_load(self.tree)
        for error in self.read_errors:
            self.assertIn(error, (None, errno.ENOTCONN, errno.ECONNABORTED))


def waits(process):
    """Says whether a process sleeps in a request to the daemon."""
    where = read(f"/proc/{process.pid}/wchan")
    return b"fuse" in where or b"request_wait" in where


def hear_hangups():
    """Undoes what nohup(1) may have done to these tests."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def start_opener(case, name):
    """Starts a process that opens a file, and returns when it waits for it."""
    opener = subprocess.Popen(["cat", case.at(name)],
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              preexec_fn=hear_hangups)
    case.addCleanup(end, opener)
    while not waits(opener):
        case.assertIsNone(opener.poll(), "it did not wait")
        time.sleep(0.001)
    return opener


def end(process):
    """Kills a process. The mount may have to end before it can."""
    process.kill()


class WaitTest(judged.Judged):
    """Signals to those who wait, and the hash that goes on."""
    HUGE = 64 << 30

    def make_sparse(self, name, size):
        with open(self.below(name), "wb") as file:
            file.truncate(size)

    def hashed_bytes(self):
        return self.status()["verdicts"]["hashed_bytes"]

    def wait_until_hashed(self, least):
        deadline = time.monotonic() + PATIENCE
        while self.hashed_bytes() < least:
            self.assertLess(time.monotonic(), deadline,
                            "no bytes are counted while they are hashed")
            time.sleep(0.01)

    def test_any_deadly_signal_ends_a_waiting_opener(self):
        self.make_sparse("huge", self.HUGE)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL,
                       signal.SIGHUP):
            opener = start_opener(self, "huge")
            opener.send_signal(number)
            # The whole hash takes half a minute on a fast machine.
            self.assertEqual(opener.wait(SOON), -number)
        os.truncate(self.below("huge"), 0)

    def test_the_next_opener_goes_on_with_the_same_hash(self):
        size = 4 << 30
        self.make_sparse("large", size)
        self.make_list("tlv-large", self.below("large"))
        before = self.hashed_bytes()
        first = start_opener(self, "large")
        self.wait_until_hashed(before + size // 4)
        first.kill()
        self.assertEqual(first.wait(SOON), -signal.SIGKILL)
        self.assertLess(self.hashed_bytes() - before, size,
                        "the hash was over before the opener was killed")
        os.close(os.open(self.at("large"), os.O_RDONLY))
        self.assertGreaterEqual(self.hashed_bytes() - before, size)
        self.assertLess(self.hashed_bytes() - before, size + size // 16)

    def test_one_hash_serves_all_who_wait(self):
        size = 1 << 30
        self.make_sparse("large", size)
        self.make_list("tlv-large", self.below("large"))
        before = self.hashed_bytes()
        openers = [start_opener(self, "large") for _ in range(8)]
        openers[0].kill()
        openers[1].terminate()
        os.close(os.open(self.at("large"), os.O_RDONLY))
        self.assertLess(self.hashed_bytes() - before, size + size // 16)

    def test_a_change_after_the_kill_starts_the_hash_anew(self):
        size = 1 << 30
        self.make_sparse("large", size)
        self.make_list("tlv-large", self.below("large"))
        first = start_opener(self, "large")
        self.wait_until_hashed(size // 4)
        first.kill()
        first.wait(SOON)
        with open(self.below("large"), "r+b", buffering=0) as file:
            file.write(b"X")  # where it was hashed already
        with self.assertRaises(PermissionError):
            os.open(self.at("large"), os.O_RDONLY)
        with open(self.below("large"), "r+b", buffering=0) as file:
            file.write(b"\0")
        os.close(os.open(self.at("large"), os.O_RDONLY))

    def test_queued_openers_can_be_killed(self):
        count = 48  # more than are hashed at a time
        for i in range(count):
            self.make_sparse(f"huge-{i}", self.HUGE)
        openers = [start_opener(self, f"huge-{i}") for i in range(count)]
        # The last come first: they are still in the queue.
        try:
            for opener in reversed(openers):
                opener.terminate()
                self.assertEqual(opener.wait(SOON), -signal.SIGTERM)
            self.assertReads(self.at("data"), "data\n")
        finally:
            for opener in openers:
                opener.kill()

    def test_nobody_waits_long_after_all_were_killed(self):
        count = 48
        for i in range(count):
            self.make_sparse(f"huge-{i}", self.HUGE)
        openers = [start_opener(self, f"huge-{i}") for i in range(count)]
        for opener in openers:
            opener.kill()
        for opener in openers:
            opener.wait(SOON)
        start = time.monotonic()
        self.make_sparse("small", 64 << 20)
        self.make_list("tlv-small", self.below("small"))
        os.close(os.open(self.at("small"), os.O_RDONLY))
        self.assertLess(time.monotonic() - start, 30)


if __name__ == "__main__":
    tap.main(judged.needs())
