#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""File system calls on the mount, compared with the bare tree beside it."""

import ctypes
import errno
import fcntl
import mmap
import os
import socket
import stat
import struct
import subprocess
import sys

import judged
import tap
from judged import read, run, write

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS = 0x80086601, 0x40086602
FS_NODUMP_FL = 0x40
RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT = 1, 2, 4
LIBC = ctypes.CDLL(None, use_errno=True)


def renameat2(old, new, flags):
    if LIBC.renameat2(-100, os.fsencode(old), -100, os.fsencode(new),
                      flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


class OperationsTest(judged.Judged):
    """Each case runs on the mount and on a plain folder; both must agree."""
    OPTIONS = ("--mode", "log")

    def both(self, work):
        """Runs work(folder) on both; returns what it returned or raised."""
        outcomes = []
        for parent in (self.mnt, self.base):
            folder = os.path.join(parent, "work")
            os.mkdir(folder)
            try:
                outcomes.append(work(folder))
            except OSError as error:
                outcomes.append(error.errno)
        self.assertEqual(*outcomes)
        return outcomes[0]

    def test_nodes_of_every_kind(self):
        def work(folder):
            path = os.path.join(folder, "x")
            os.mkfifo(path + "fifo", 0o640)
            os.mknod(path + "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
            os.symlink("no/such/place", path + "link")
            os.mkdir(path + "dir", 0o711)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(path + "sock")
            write(path + "file", "x")
            os.link(path + "file", path + "hard")
            found = {}
            for name in sorted(os.listdir(folder)):
                info = os.lstat(os.path.join(folder, name))
                found[name] = (info.st_mode, info.st_nlink, info.st_rdev,
                               info.st_uid)
            return found, os.readlink(path + "link")
        self.both(work)

    def test_rename_with_every_flag(self):
        def work(folder):
            a, b = (os.path.join(folder, n) for n in "ab")
            write(a, "a")
            write(b, "b")
            seen = []
            try:
                renameat2(a, b, RENAME_NOREPLACE)
            except OSError as error:
                seen.append(error.errno)
            renameat2(a, b, RENAME_EXCHANGE)
            seen.append((read(a), read(b)))
            renameat2(a, b, RENAME_WHITEOUT)
            seen.append(stat.S_IFMT(os.lstat(a).st_mode))
            os.rename(b, a)
            return seen, read(a), os.listdir(folder)
        self.assertEqual(self.both(work)[0][0], errno.EEXIST)

    def test_temporary_files_without_a_name(self):
        def work(folder):
            fd = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
            os.write(fd, b"x")
            path = os.path.join(folder, "named")
            # os.link does not follow the link in /proc.
            self.assertEqual(0, LIBC.linkat(
                -100, b"/proc/self/fd/%d" % fd, -100, os.fsencode(path), 0x400))
            os.close(fd)
            return read(path)
        self.assertEqual(self.both(work), b"x")

    def test_holes_and_allocation(self):
        def work(folder):
            path = os.path.join(folder, "x")
            fd = os.open(path, os.O_RDWR | os.O_CREAT)
            os.pwrite(fd, b"end", 1 << 20)
            seen = [os.lseek(fd, 0, os.SEEK_DATA),
                    os.lseek(fd, 0, os.SEEK_HOLE)]
            os.posix_fallocate(fd, 0, 8192)
            punch = LIBC.fallocate(fd, 3, ctypes.c_long(0),
                                   ctypes.c_long(4096))
            seen += [punch, os.fstat(fd).st_size, os.fstat(fd).st_blocks]
            os.close(fd)
            return seen
        self.both(work)

    def test_copying_in_the_kernel(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "0123456789")
            source = os.open(path, os.O_RDONLY)
            target = os.open(path + "2", os.O_WRONLY | os.O_CREAT, 0o600)
            count = os.copy_file_range(source, target, 5, 2)
            os.close(source)
            os.close(target)
            return count, read(path + "2")
        self.both(work)

    def test_extended_attributes(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.setxattr(path, "user.a", b"1")
            os.setxattr(path, "trusted.b", b"\0\xff" * 100)
            seen = [sorted(os.listxattr(path)), os.getxattr(path, "trusted.b")]
            for call in (
                    lambda: os.setxattr(path, "user.a", b"", os.XATTR_CREATE),
                    lambda: os.getxattr(path, "user.none"),
                    lambda: os.setxattr(path, "unknown.a", b"")):
                try:
                    call()
                except OSError as error:
                    seen.append(error.errno)
            os.removexattr(path, "user.a")
            return seen, os.listxattr(path)
        self.both(work)

    def test_acls_and_the_umask(self):
        def work(folder):
            run("setfacl", "-d", "-m", "u:1234:rwx,g::r-x,o::---", folder)
            old = os.umask(0o027)
            try:
                write(os.path.join(folder, "inherits"), "x")
                os.mkdir(os.path.join(folder, "sub"))
                plain = os.path.join(os.path.dirname(folder), "plain")
                write(plain, "x")
                mode = os.stat(plain).st_mode
                os.unlink(plain)
            finally:
                os.umask(old)
            listed = run("getfacl", "-nR", "--omit-header", ".", cwd=folder)
            return mode, listed.stdout
        self.both(work)

    def test_trusted_attributes_are_seen_by_the_administrator_only(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.setxattr(path, "trusted.x", b"1")
            os.setxattr(path, "user.x", b"1")
            script = "import os, sys; print(os.listxattr(sys.argv[1]))"
            return [subprocess.run(
                [*command, sys.executable, "-c", script, path],
                capture_output=True, text=True, check=True).stdout
                    for command in ((), ("setpriv", "--bounding-set",
                                         "-sys_admin"),
                                    ("setpriv", "--reuid", "1234"))]
        admin, *others = self.both(work)
        self.assertIn("trusted.x", admin)
        self.assertEqual(others, ["['user.x']\n"] * 2)

    def test_folders_are_listed_without_their_time_where_asked_for(self):
        def work(folder):
            times = []
            for flags in (0, os.O_NOATIME):
                os.utime(folder, ns=(1, 2))
                fd = os.open(folder, os.O_RDONLY | flags)
                os.listdir(fd)
                os.close(fd)
                times.append(os.stat(folder).st_atime_ns == 1)
            return times
        self.assertEqual(self.both(work), [False, True])

    def test_acls_are_enforced(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.chmod(path, 0o600)
            os.chmod(folder, 0o755)
            run("setfacl", "-m", "u:65534:r", path)
            return [subprocess.run(["cat", path], user=uid, group=uid,
                                   capture_output=True, check=False).returncode
                    for uid in (65534, 65533)]
        self.assertEqual(self.both(work), [0, 1])

    def test_what_an_acl_takes_is_taken_at_once(self):
        def acl(owner):
            return struct.pack("<I", 2) + b"".join(
                struct.pack("<HHI", tag, permissions, 0xffffffff)
                for tag, permissions in ((1, owner), (4, 0), (0x20, 0)))

        def work(folder):
            inner = os.path.join(folder, "x")
            os.mkdir(inner)
            os.chmod(folder, 0o755)
            os.chown(inner, 1000, 1000)
            answers = []
            for turn in range(5000):
                os.stat(inner)
                os.setxattr(inner, "system.posix_acl_access",
                            acl(7 if turn % 2 else 4))
                os.seteuid(1000)
                try:
                    os.stat(os.path.join(inner, "missing"))
                except OSError as error:
                    answers.append(error.errno)
                finally:
                    os.seteuid(0)
            return answers
        self.assertEqual(self.both(work), [errno.EACCES, errno.ENOENT] * 2500)

    def test_new_files_belong_to_the_caller(self):
        def work(folder):
            os.chmod(folder, 0o1777)
            script = "umask 022; mkdir d; ln -s x l; : >f; mkfifo p; stat -c " \
                     "'%n %u %g %a' d f p; stat -c '%n %u %g' l"
            return subprocess.run(
                ["sh", "-c", script], cwd=folder, user=1234, group=2345,
                capture_output=True, text=True, check=True).stdout
        self.assertIn("f 1234 2345 644", self.both(work))

    def test_set_group_id_folders_give_their_group(self):
        def work(folder):
            os.chown(folder, 0, 4321)
            os.chmod(folder, 0o2777)
            return subprocess.run(
                ["sh", "-c", "mkdir d; : >f; stat -c '%n %g %a' d f"],
                cwd=folder, user=1234, group=2345, capture_output=True,
                text=True, check=True).stdout
        self.assertIn("d 4321 2755", self.both(work))

    def test_writes_and_chowns_clear_set_user_id(self):
        def work(folder):
            os.chmod(folder, 0o755)
            modes = []
            for script in ("printf x >>f", "truncate -s 0 f", "chgrp 2345 f"):
                path = os.path.join(folder, "f")
                write(path, "content")
                os.chown(path, 1234, 1234)
                os.chmod(path, 0o6777)
                subprocess.run(["sh", "-c", script], cwd=folder, user=1234,
                               group=2345, check=True, extra_groups=[])
                modes.append(oct(os.stat(path).st_mode))
                os.unlink(path)
            return modes
        self.both(work)

    def test_a_chown_to_nobody_sets_the_time_of_change(self):
        def work(folder):
            path = os.path.join(folder, "f")
            write(path, "x")
            before = os.stat(path).st_ctime_ns
            os.chown(path, -1, -1)
            return os.stat(path).st_ctime_ns > before
        self.assertTrue(self.both(work))

    def test_sticky_folders_protect_names(self):
        def work(folder):
            os.chmod(folder, 0o1777)
            write(os.path.join(folder, "x"), "x")
            return subprocess.run(["rm", "-f", "x"], cwd=folder, user=1234,
                                  capture_output=True, check=False).returncode
        self.assertEqual(self.both(work), 1)

    def test_times_are_set_to_the_nanosecond(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.utime(path, ns=(1_234_567_890, 2_345_678_901))
            info = os.stat(path)
            os.symlink("x", path + "link")
            os.utime(path + "link", ns=(5, 6), follow_symlinks=False)
            link = os.lstat(path + "link")
            return (info.st_atime_ns, info.st_mtime_ns, link.st_atime_ns,
                    link.st_mtime_ns)
        self.both(work)

    def test_unlinked_open_files_live_on(self):
        def work(folder):
            path = os.path.join(folder, "x")
            with open(path, "w+b", buffering=0) as file:
                file.write(b"still here")
                os.unlink(path)
                os.fchmod(file.fileno(), 0o640)
                os.ftruncate(file.fileno(), 5)
                file.seek(0)
                info = os.fstat(file.fileno())
                return file.read(), info.st_nlink, info.st_mode
        self.both(work)

    def test_locks(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            seen = []
            with open(path, "r+b") as one, open(path, "r+b") as two:
                fcntl.flock(one, fcntl.LOCK_EX)
                try:
                    fcntl.flock(two, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    seen.append(error.errno)
                fcntl.lockf(one, fcntl.LOCK_EX)
                done = subprocess.run(
                    ["python3", "-c",
                     "import fcntl,sys\nwith open(sys.argv[1],'r+b') as f:\n"
                     " fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)", path],
                    capture_output=True, check=False)
                seen.append(done.returncode)
            return seen
        self.both(work)

    def test_appending_and_syncing(self):
        def work(folder):
            path = os.path.join(folder, "x")
            for text in (b"one", b"two"):
                fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                os.write(fd, text)
                os.fsync(fd)
                os.fdatasync(fd)
                os.close(fd)
            fd = os.open(folder, os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)
            return read(path)
        self.assertEqual(self.both(work), b"onetwo")

    def test_errors_of_folders_and_names(self):
        def work(folder):
            os.mkdir(os.path.join(folder, "d"))
            write(os.path.join(folder, "d/f"), "x")
            seen = []
            for call in (lambda: os.rmdir(os.path.join(folder, "d")),
                         lambda: os.unlink(os.path.join(folder, "d")),
                         lambda: os.mkdir(os.path.join(folder, "d")),
                         lambda: os.listdir(os.path.join(folder, "d/f")),
                         lambda: os.stat(os.path.join(folder, "n" * 256)),
                         lambda: os.rename(os.path.join(folder, "d"),
                                           os.path.join(folder, "d/e"))):
                try:
                    seen.append(call())
                except OSError as error:
                    seen.append(error.errno)
            return seen
        self.both(work)

    def test_folders_with_many_and_odd_names(self):
        names = {f"file {i}" for i in range(2000)}
        names |= {"new\nline", "back\\slash", "ü", "n" * 255}

        def work(folder):
            for name in names:
                os.close(os.open(os.path.join(folder, name), os.O_CREAT))
            listed = [(e.name, e.is_file()) for e in os.scandir(folder)]
            return sorted(listed)
        self.assertEqual(len(self.both(work)), len(names))

    def test_file_system_statistics(self):
        mount, bare = os.statvfs(self.mnt), os.statvfs(self.tree)
        self.assertEqual((mount.f_blocks, mount.f_bsize, mount.f_namemax),
                         (bare.f_blocks, bare.f_bsize, bare.f_namemax))

    def test_a_mapping_shared_for_writing(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, b"\0" * 8192)
            with open(path, "r+b") as file:
                with mmap.mmap(file.fileno(), 0) as memory:
                    memory[4096:4099] = b"abc"
                    memory.flush()
            return read(path)
        self.both(work)

    def test_access_follows_permissions(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.chmod(path, 0o644)
            os.chmod(folder, 0o755)
            script = "for m in r w x; do test -$m x; echo $?; done"
            return subprocess.run(["sh", "-c", script], cwd=folder, user=1234,
                                  capture_output=True, check=True).stdout
        self.assertEqual(self.both(work), b"0\n1\n1\n")

    def test_supplementary_groups_count(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            os.chown(path, 0, 4321)
            os.chmod(path, 0o640)
            os.chmod(folder, 0o755)
            return [subprocess.run(["cat", path], user=1234, group=1234,
                                   extra_groups=groups, capture_output=True,
                                   check=False).returncode
                    for groups in ([4321], [4322])]
        self.assertEqual(self.both(work), [0, 1])

    def test_writing_takes_capabilities_away(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            # Revision 2, effective: CAP_NET_RAW.
            os.setxattr(path, "security.capability",
                        struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
            write(path, "y")
            os.getxattr(path, "security.capability")
        self.assertEqual(self.both(work), errno.ENODATA)

    def test_inode_flags(self):
        def work(folder):
            path = os.path.join(folder, "x")
            write(path, "x")
            seen = []
            for place in (path, folder):
                fd = os.open(place, os.O_RDONLY)
                flags = fcntl.ioctl(fd, FS_IOC_GETFLAGS, b"\0" * 4)
                flags = struct.pack("=I", struct.unpack("=I", flags)[0] |
                                    FS_NODUMP_FL)
                fcntl.ioctl(fd, FS_IOC_SETFLAGS, flags)
                seen.append(fcntl.ioctl(fd, FS_IOC_GETFLAGS, b"\0" * 4))
                os.close(fd)
            return seen
        self.both(work)

    def test_trees_copied_in_and_out_are_equal(self):
        def work(folder):
            judged.run("cp", "-a", self.tree, os.path.join(folder, "copy"))
            judged.run("tar", "-C", folder, "-cf",
                       os.path.join(folder, "x.tar"), "copy")
            judged.run("tar", "-C", folder, "-xf",
                       os.path.join(folder, "x.tar"), "--transform",
                       "s/^copy/again/")
            judged.run("diff", "-r", os.path.join(folder, "copy"),
                       os.path.join(folder, "again"))
            return judged.run("diff", "-r", self.tree,
                              os.path.join(folder, "copy")).returncode
        # The mount shows the tree itself, so only the bare copy has no "work".
        self.assertEqual(work(os.path.join(self.base)), 0)
        os.mkdir(self.at("../out"))
        judged.run("cp", "-a", self.mnt + "/.", os.path.join(self.base, "out"))
        judged.run("diff", "-r", self.tree, os.path.join(self.base, "out"))

    def test_the_type_and_source_are_shown(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            line, = (l for l in table if f" {self.mnt} " in l)
        self.assertIn(f" - fuse.assayfs {self.tree} ", line)


class ReadOnlyTest(judged.Judged):
    OPTIONS = ("-o", "ro")

    def test_nothing_can_be_changed(self):
        for call in (lambda: write(self.at("new"), "x"),
                     lambda: os.unlink(self.at("data")),
                     lambda: os.chmod(self.at("data"), 0o600)):
            with self.assertRaises(OSError) as caught:
                call()
            self.assertEqual(caught.exception.errno, errno.EROFS)
        self.assertReads(self.at("data"), "data\n")


class FlagsTest(judged.Judged):
    OPTIONS = ("-o", "nosuid,nodev,noexec")

    def test_flags_hold_as_they_were_given(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            line, = (l for l in table if f" {self.mnt} " in l)
        self.assertEqual({"nosuid", "nodev", "noexec"} -
                         set(line.split()[5].split(",")), set())
        os.mknod(self.below("null"), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        for use in (lambda: read(self.at("null")),
                    lambda: subprocess.run([self.at("bin/hello")],
                                           check=False)):
            with self.assertRaises(PermissionError):
                use()
        self.assertReads(self.at("data"), "data\n")


if __name__ == "__main__":
    tap.main(judged.needs())
