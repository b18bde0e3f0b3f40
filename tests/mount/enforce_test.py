#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What may be opened, and when that changes."""

import ctypes
import errno
import mmap
import os
import signal
import subprocess
import threading

import judged
import tap
from judged import assayfs, read, write


class EnforceTest(judged.Judged):
    def test_known_files_are_read_and_run(self):
        self.assertReads(self.at("data"), "data\n")
        self.assertEqual(judged.run(self.at("bin/hello")).stdout, "hello\n")

    def test_an_alien_file_is_neither_read_nor_run(self):
        write(self.below("bin/alien"), "#!/bin/sh\necho alien\n")
        os.chmod(self.below("bin/alien"), 0o755)
        self.assertDenied(self.at("bin/alien"))
        with self.assertRaises(PermissionError):
            subprocess.run([self.at("bin/alien")], check=False)
        self.unmount()  # writes what is queued
        self.assertRegex(self.stderr(), "denied .*/bin/alien")

    def test_names_and_attributes_of_denied_files_are_shown(self):
        write(self.below("alien"), "alien")
        self.assertIn("alien", os.listdir(self.mnt))
        self.assertEqual(os.stat(self.at("alien")).st_size, 5)

    def test_a_byte_changed_in_place_through_the_mount(self):
        self.assertReads(self.at("data"), "data\n")
        with open(self.at("data"), "r+b", buffering=0) as file:
            file.write(b"D")
        self.assertDenied(self.at("data"))
        why = self.why("data")
        self.assertEqual((why["verdict"], why["reason"]),
                         ("deny", "modified"))
        self.assertEqual(why["expected"][0]["list"], "tlv-base")
        fd = os.open(self.at("data"), os.O_WRONLY)
        os.write(fd, b"d")
        os.close(fd)
        self.assertReads(self.at("data"), "data\n")

    def test_a_byte_changed_below_with_the_old_mtime(self):
        self.assertReads(self.at("data"), "data\n")
        before = os.stat(self.below("data"))
        with open(self.below("data"), "r+b", buffering=0) as file:
            file.write(b"D")
        os.utime(self.below("data"), ns=(before.st_atime_ns,
                                         before.st_mtime_ns))
        self.assertDenied(self.at("data"))

    def test_a_block_changed_below_an_open_file_is_never_served(self):
        with open(self.at("big"), "rb", buffering=0) as file:
            self.assertEqual(os.pread(file.fileno(), 4, 0), b"0123")
            with open(self.below("big"), "r+b", buffering=0) as lower:
                lower.seek(900_000)
                lower.write(b"X")
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            with self.assertRaises(OSError) as caught:
                while file.read(65536):
                    pass
        self.assertEqual(caught.exception.errno, 5)
        self.assertDenied(self.at("big"))

    def test_what_others_read_does_not_get_into_checked_pages(self):
        content = read(self.below("big"))
        # Whoever makes a file reads it unjudged.
        plain = os.open(self.at("new"), os.O_CREAT | os.O_RDONLY, 0o644)
        self.addCleanup(os.close, plain)
        write(self.below("new"), content)
        with open(self.at("new"), "rb", buffering=0) as file:
            with open(self.below("new"), "r+b", buffering=0) as lower:
                lower.seek(409_600)
                lower.write(b"X")
            for fd in (plain, file.fileno()):
                with self.assertRaises(OSError) as caught:
                    os.pread(fd, 4, 409_600)
                self.assertEqual(caught.exception.errno, errno.EIO)
        self.assertDenied(self.at("new"))

    def test_a_file_cut_below_while_it_is_open_ends_in_an_error(self):
        with open(self.at("big"), "rb", buffering=0) as file:
            os.truncate(self.below("big"), 8192)
            self.assertEqual(os.stat(self.at("big")).st_size, 1 << 20)
            with self.assertRaises(OSError) as caught:
                while file.read(65536):
                    pass
        self.assertEqual(caught.exception.errno, errno.EIO)

    def test_a_file_that_grew_below_is_read_to_its_end(self):
        content = read(self.below("big"))
        write(self.below("new"), content[:10])
        self.assertEqual(os.stat(self.at("new")).st_size, 10)
        write(self.below("new"), content)
        self.assertReads(self.at("new"), content)

    def test_a_store_through_a_mapping_below_is_seen(self):
        self.assertReads(self.at("data"), "data\n")
        with open(self.below("data"), "r+b") as lower:
            memory = mmap.mmap(lower.fileno(), 0)
        memory[0:1] = b"D"
        self.assertDenied(self.at("data"))
        # The page is dirty now: this store moves no time stamp.
        memory[0:1] = b"d"
        self.assertReads(self.at("data"), "data\n")
        memory[0:1] = b"E"
        self.assertDenied(self.at("data"))
        memory.close()

    def test_readers_wait_for_no_writer_but_are_denied(self):
        fd = os.open(self.at("data"), os.O_WRONLY)
        self.assertDenied(self.at("data"))
        self.assertEqual(self.why("data")["reason"], "writer-active")
        os.close(fd)
        self.assertReads(self.at("data"), "data\n")

    def test_what_is_written_is_not_run_until_it_is_closed(self):
        fd = os.open(self.at("bin/hello"), os.O_WRONLY)
        with self.assertRaises(OSError) as caught:
            subprocess.run([self.at("bin/hello")], check=False)
        self.assertEqual(caught.exception.errno, errno.ETXTBSY)
        os.close(fd)
        self.assertEqual(judged.run(self.at("bin/hello")).stdout, "hello\n")

    def test_a_program_can_be_written_as_soon_as_it_has_ended(self):
        content = read("/bin/true")
        write(self.below("true"), content)
        os.chmod(self.below("true"), 0o755)
        self.make_list("tlv-true", self.below("true"))
        for _ in range(20):
            judged.run(self.at("true"))
            with open(self.at("true"), "r+b", buffering=0) as file:
                file.write(content[:1])

    def test_a_program_that_runs_cannot_be_written(self):
        write(self.below("sleep"), read("/bin/sleep"))
        os.chmod(self.below("sleep"), 0o755)
        self.make_list("tlv-sleep", self.below("sleep"))
        with subprocess.Popen([self.at("sleep"), "1000"]) as program:
            for change in (lambda path: os.open(path, os.O_WRONLY),
                           lambda path: os.truncate(path, 0)):
                with self.assertRaises(OSError) as caught:
                    change(self.at("sleep"))
                self.assertEqual(caught.exception.errno, errno.ETXTBSY)
            program.kill()
        os.truncate(self.at("sleep"), 0)

    def test_a_file_made_through_the_mount_is_denied_once_it_is_closed(self):
        with open(self.at("new"), "w+", encoding="ascii") as file:
            file.write("alien")
            file.flush()
            file.seek(0)
            self.assertEqual(file.read(), "alien")
        self.assertDenied(self.at("new"))

    def test_a_known_file_copied_in_is_allowed_under_any_name(self):
        write(self.at("copy"), "data\n")
        self.assertReads(self.at("copy"), "data\n")

    def test_truncating_without_an_open_forgets_the_verdict(self):
        self.assertReads(self.at("data"), "data\n")
        os.truncate(self.at("data"), 3)
        self.assertDenied(self.at("data"))

    def test_allocating_and_copying_into_a_file_forget_the_verdict(self):
        for change in (
                lambda fd, other: os.posix_fallocate(fd, 0, 4096),
                lambda fd, other: os.copy_file_range(other, fd, 4)):
            write(self.at("data"), "data\n")
            self.assertReads(self.at("data"), "data\n")
            fd = os.open(self.at("data"), os.O_WRONLY)
            other = os.open(self.at("big"), os.O_RDONLY)
            change(fd, other)
            os.close(fd)
            os.close(other)
            self.assertDenied(self.at("data"))

    def test_a_rename_over_a_known_name_brings_its_own_verdict(self):
        self.assertReads(self.at("data"), "data\n")
        write(self.at("new"), "alien")
        os.rename(self.at("new"), self.at("data"))
        self.assertDenied(self.at("data"))

    def test_a_user_without_permission_is_refused_as_on_the_bare_tree(self):
        os.chmod(self.below("data"), 0o600)
        done = subprocess.run(["cat", self.at("data")], check=False,
                              capture_output=True, user=65534, group=65534)
        self.assertEqual(done.returncode, 1)

    def test_a_mapped_file_runs_and_reads(self):
        with open(self.at("big"), "rb") as file:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as memory:
                self.assertEqual(memory[-4:], b"cdef")

    def test_many_openers_of_one_file_agree(self):
        seen = []

        def reader():
            for _ in range(50):
                seen.append(len(read(self.at("big"))))
        threads = [threading.Thread(target=reader) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(seen), {1 << 20})
        self.assertLessEqual(self.status()["verdicts"]["hashed_files"], 8)


class HugeFileTest(judged.Judged):
    """Files that take long to hash are nobody else's trouble."""

    def setUp(self):
        super().setUp()
        with open(self.below("huge"), "wb") as file:
            file.truncate(64 << 30)  # no list knows it

    def open_huge(self, count):
        openers = [subprocess.Popen(["cat", self.at("huge")],
                                    stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)
                   for _ in range(count)]
        for opener in openers:
            while b"fuse" not in read(f"/proc/{opener.pid}/wchan") and \
                    b"request" not in read(f"/proc/{opener.pid}/wchan"):
                self.assertIsNone(opener.poll(), "it did not wait")
        return openers

    def test_others_are_served_while_many_wait_for_a_hash(self):
        self.assertReads(self.at("data"), "data\n")
        openers = self.open_huge(100)
        self.assertReads(self.at("data"), "data\n")
        self.assertEqual(len(os.listdir(self.mnt)), 4)
        for opener in openers:
            opener.kill()
        for opener in openers:
            opener.wait(judged.PATIENCE)
        self.assertReads(self.at("big"), self.FILES["big"])

    def test_a_stop_does_not_wait_for_a_hash(self):
        openers = self.open_huge(3)
        self.unmount()
        for opener in openers:
            self.assertNotEqual(opener.wait(judged.PATIENCE), 0)

    def test_a_signal_that_is_handled_does_not_disturb_an_open(self):
        size = 512 << 20
        with open(self.below("large"), "wb") as file:
            file.truncate(size)
        self.make_list("tlv-large", self.below("large"))
        came = []
        previous = signal.signal(signal.SIGALRM,
                                 lambda *_: came.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        try:
            # Python would try again after EINTR; the C library does not.
            libc = ctypes.CDLL(None, use_errno=True)
            fd = libc.open(os.fsencode(self.at("large")), os.O_RDONLY)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        self.assertGreaterEqual(fd, 0, os.strerror(ctypes.get_errno()))
        os.close(fd)


class ListChangeTest(judged.Judged):
    """Changes of the list folder count at the next open, without a remount."""

    def move(self, source, target):
        os.rename(os.path.join(self.base, source),
                  os.path.join(self.base, target))

    def test_a_list_taken_away_and_put_back(self):
        self.assertReads(self.at("data"), "data\n")
        self.move("lists/tlv-base", "elsewhere")
        self.assertDenied(self.at("data"))
        self.assertEqual(self.why("data")["reason"], "unknown-content")
        self.move("elsewhere", "lists/tlv-base")
        self.assertReads(self.at("data"), "data\n")

    def test_a_new_list_counts_at_once(self):
        write(self.below("new"), "new")
        self.assertDenied(self.at("new"))
        self.make_list("tlv-new", self.below("new"))
        self.assertReads(self.at("new"), "new")

    def test_a_list_with_one_flipped_bit_is_rejected_and_named(self):
        write(self.below("new"), "new")
        self.make_list("tlv-new", self.below("new"))
        path = os.path.join(self.lists, "tlv-new")
        content = bytearray(read(path))
        content[20] ^= 1
        write(path, bytes(content))
        self.assertDenied(self.at("new"))
        self.assertReads(self.at("data"), "data\n")
        rejected, = self.status()["lists"]["rejected"]
        self.assertEqual(rejected["name"], "tlv-new")
        self.assertIn("bad signature", rejected["error"])
        content[20] ^= 1
        write(path, bytes(content))
        self.assertReads(self.at("new"), "new")

    def test_the_folder_replaced_by_another(self):
        self.assertReads(self.at("data"), "data\n")
        self.move("lists", "gone")
        self.assertDenied(self.at("data"))
        self.move("gone", "lists")
        self.assertReads(self.at("data"), "data\n")

    def test_reload_reads_keys_again(self):
        write(self.cert + ".other", read(self.cert))
        self.addCleanup(os.unlink, self.cert + ".other")
        assayfs("reload", self.mnt)
        self.assertReads(self.at("data"), "data\n")


class LogModeTest(judged.Judged):
    OPTIONS = ("--mode", "log")

    def test_what_would_be_denied_is_recorded_and_allowed(self):
        write(self.below("alien"), "alien")
        self.assertReads(self.at("alien"), "alien")
        self.unmount()
        self.assertIn("/alien", self.stderr())


class OffModeTest(judged.Judged):
    OPTIONS = ("--mode", "off")

    def test_nothing_is_judged(self):
        write(self.below("alien"), "alien")
        self.assertReads(self.at("alien"), "alien")
        self.assertEqual(self.status()["verdicts"]["hashed_files"], 0)
        self.unmount()
        self.assertNotIn("alien", self.stderr())


class ExecPolicyTest(judged.Judged):
    OPTIONS = ("--policy", "exec")

    def test_data_is_free_and_programs_are_judged(self):
        write(self.below("alien"), "#!/bin/sh\n")
        os.chmod(self.below("alien"), 0o755)
        write(self.below("library"), b"\x7fELF alien")
        self.assertReads(self.at("alien"), "#!/bin/sh\n")
        with self.assertRaises(PermissionError):
            subprocess.run([self.at("alien")], check=False)
        self.assertDenied(self.at("library"))


if __name__ == "__main__":
    tap.main(judged.needs())
