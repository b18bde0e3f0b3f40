#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same judging and the same results on every lower file system."""

import ctypes
import errno
import fcntl
import mmap
import os
import shutil
import stat
import struct
import subprocess

import judged
import tap
from judged import read, run, write

IMAGE_SIZE_BYTES = 400 << 20  # sparse; xfs wants 300 MiB at least
# Names in the large folder: so many files, so many links to each.
MANY_FILES, MANY_LINKS = 100, 30
LIBC = ctypes.CDLL(None, use_errno=True)
FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE = 1, 2
FALLOC_COLLAPSE_RANGE, FALLOC_ZERO_RANGE, FALLOC_INSERT_RANGE = 8, 16, 32
FS_IOC_GETFLAGS = 0x80086601
FS_IOC_FIEMAP = 0xC020660B
FICLONE = 0x40049409
# Content that the list knows, so that it can be opened again.
KNOWN = b"data\n"


def outcome(call):
    """Returns what call returns, or the name of its error."""
    try:
        return call()
    except OSError as error:
        return errno.errorcode[error.errno]


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result


def renameat2(old, new, flags):
    return checked(LIBC.renameat2(-100, os.fsencode(old), -100,
                                  os.fsencode(new), flags))


def fallocate(fd, mode, offset, length):
    return checked(LIBC.fallocate(fd, mode, ctypes.c_long(offset),
                                  ctypes.c_long(length)))


def put(path, content=KNOWN):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        return os.write(fd, content)
    finally:
        os.close(fd)


def with_fd(path, flags, call, mode=0o644):
    fd = os.open(path, flags, mode)
    try:
        return call(fd)
    finally:
        os.close(fd)


def name_calls(at):
    """Calls that make, move and remove names, in their order."""
    return [
        ("create", lambda: put(at("new"))),
        ("create again", lambda: put(at("new"))),
        ("read", lambda: read(at("new"))),
        ("rename", lambda: os.rename(at("new"), at("moved"))),
        ("rename back", lambda: os.rename(at("moved"), at("new"))),
        ("rename to none", lambda: os.rename(at("none"), at("x"))),
        ("noreplace", lambda: renameat2(at("new"), at("data"), 1)),
        ("exchange", lambda: renameat2(at("new"), at("data"), 2)),
        ("exchange folder", lambda: renameat2(at("data"), at("sub"), 2)),
        ("exchange back", lambda: renameat2(at("data"), at("sub"), 2)),
        ("whiteout", lambda: renameat2(at("new"), at("gone"), 4)),
        ("after it", lambda: stat.S_IFMT(os.lstat(at("new")).st_mode)),
        ("link", lambda: os.link(at("data"), at("hard"))),
        ("link folder", lambda: os.link(at("sub"), at("hard2"))),
        ("links", lambda: os.stat(at("data")).st_nlink),
        ("unlink", lambda: os.unlink(at("hard"))),
        ("unlink none", lambda: os.unlink(at("hard"))),
        ("unlink folder", lambda: os.unlink(at("sub"))),
        ("mkdir", lambda: os.mkdir(at("made"), 0o2750)),
        ("mkdir again", lambda: os.mkdir(at("made"))),
        ("put below", lambda: put(at("made/below"))),
        ("rmdir full", lambda: os.rmdir(at("made"))),
        ("rmdir", lambda: os.rmdir(at("sub"))),
        ("symlink", lambda: os.symlink("no/such", at("soft"))),
        ("readlink", lambda: os.readlink(at("soft"))),
        ("old link", lambda: os.readlink(at("to-data"))),
        ("mkfifo", lambda: os.mkfifo(at("pipe"), 0o600)),
        ("mknod", lambda: os.mknod(at("null"), 0o600 | stat.S_IFCHR,
                                   os.makedev(1, 3))),
        ("long name", lambda: put(at("n" * 256))),
        ("longest name", lambda: put(at("n" * 255))),
        ("no folder", lambda: os.listdir(at("data"))),
    ]


def attribute_calls(at):
    """Calls on attributes, plain and extended, and on access lists."""
    return [
        ("chmod", lambda: os.chmod(at("data"), 0o4751)),
        ("chown", lambda: os.chown(at("data"), 1234, 2345)),
        ("mode", lambda: oct(os.stat(at("data")).st_mode)),
        ("utime", lambda: os.utime(at("data"), ns=(123456789, 987654321987))),
        ("mtime", lambda: os.stat(at("data")).st_mtime_ns),
        ("xattrs there", lambda: sorted(os.listxattr(at("data")))),
        ("xattr there", lambda: os.getxattr(at("data"), "user.kept")),
        ("set user", lambda: os.setxattr(at("data"), "user.a", b"1\0\xff")),
        ("get user", lambda: os.getxattr(at("data"), "user.a")),
        ("set again", lambda: os.setxattr(at("data"), "user.a", b"2",
                                          os.XATTR_CREATE)),
        ("replace none", lambda: os.setxattr(at("data"), "user.n", b"2",
                                             os.XATTR_REPLACE)),
        ("set trusted", lambda: os.setxattr(at("data"), "trusted.a", b"1")),
        ("set large", lambda: os.setxattr(at("data"), "user.l", b"1" * 70000)),
        ("set unknown", lambda: os.setxattr(at("data"), "other.a", b"1")),
        ("get none", lambda: os.getxattr(at("data"), "user.none")),
        ("on folder", lambda: os.setxattr(at("made"), "user.f", b"1")),
        ("remove", lambda: os.removexattr(at("data"), "user.a")),
        ("remove none", lambda: os.removexattr(at("data"), "user.a")),
        ("names", lambda: sorted(os.listxattr(at("data")))),
        ("acl", lambda: acl("setfacl", "-m", "u:1234:rx,g:7:-", at("data"))),
        ("default acl", lambda: acl("setfacl", "-d", "-m", "u:1234:rwx",
                                    at("made"))),
        ("inherit", lambda: put(at("made/inherits"))),
        ("get acl", lambda: acl("getfacl", "-n", at("data"))),
        ("get inherited", lambda: acl("getfacl", "-n", at("made/inherits"))),
        ("flags", lambda: with_fd(at("data"), os.O_RDONLY, flags_of)),
        ("space", lambda: [os.statvfs(at("."))[i] for i in (0, 1, 2, 9)]),
    ]


def acl(*command):
    done = run(*command, check=False)
    # The words that tell of the error name the path; the errors are last.
    return done.returncode, done.stderr.rpartition(":")[2], [
        line for line in done.stdout.splitlines() if line[:6] != "# file"]


def flags_of(fd):
    answer = bytearray(8)
    fcntl.ioctl(fd, FS_IOC_GETFLAGS, answer)
    return bytes(answer)


def extents_of(fd):
    """Returns how many extents FIEMAP tells of, at most 1."""
    asked = bytearray(struct.pack("=QQIIII", 0, 1 << 20, 1, 1, 0, 0) +
                      bytes(56))
    fcntl.ioctl(fd, FS_IOC_FIEMAP, asked)
    return struct.unpack_from("=I", asked, 20)[0]


def data_calls(at):
    """Calls on content, made by one who holds the file."""
    def holes(fd):
        os.pwrite(fd, b"end", 1 << 20)
        seen = [os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 0, os.SEEK_HOLE)]
        for offset in (1 << 20, (1 << 20) + 3, 1 << 30):
            seen.append(outcome(lambda o=offset: os.lseek(fd, o,
                                                          os.SEEK_DATA)))
        return seen, os.fstat(fd).st_size

    def allocate(fd):
        os.pwrite(fd, b"x" * 65536, 0)
        os.fsync(fd)
        seen = []
        for mode, offset, length in (
                (0, 0, 131072), (FALLOC_KEEP_SIZE, 131072, 65536),
                (FALLOC_KEEP_SIZE | FALLOC_PUNCH_HOLE, 4096, 8192),
                (FALLOC_PUNCH_HOLE, 4096, 8192),
                (FALLOC_ZERO_RANGE, 16384, 4096), (0, -1, 4096), (0, 0, 0)):
            seen.append(outcome(lambda m=mode, o=offset, n=length:
                                fallocate(fd, m, o, n)))
        os.fsync(fd)
        return seen, os.fstat(fd).st_size, hash(os.pread(fd, 1 << 18, 0)), \
            os.lseek(fd, 0, os.SEEK_HOLE)

    def temporary(fd):
        os.write(fd, KNOWN)
        # os.link does not follow the link in /proc.
        checked(LIBC.linkat(-100, b"/proc/self/fd/%d" % fd, -100,
                            os.fsencode(at("named")), 0x400))
        return os.fstat(fd).st_nlink

    def copy_range(fd):
        return with_fd(at("data"), os.O_RDONLY, lambda source: (
            os.copy_file_range(source, fd, 3, 1), os.pread(fd, 9, 0)))

    def direct(fd):
        with mmap.mmap(-1, 4096) as page:
            return os.preadv(fd, [page], 0), bytes(page[:16])

    def mapped(fd):
        os.ftruncate(fd, 8192)
        with mmap.mmap(fd, 8192) as memory:
            memory[4090:4100] = b"0123456789"
            memory.flush()
        os.fdatasync(fd)
        return os.pread(fd, 20, 4085)

    read_write = os.O_RDWR | os.O_CREAT
    return [
        ("holes", lambda: with_fd(at("holes"), read_write, holes)),
        ("fallocate", lambda: with_fd(at("space"), read_write, allocate)),
        ("tmpfile", lambda: with_fd(at("."), os.O_RDWR | os.O_TMPFILE,
                                    temporary)),
        ("named", lambda: read(at("named"))),
        ("excl", lambda: with_fd(at("."), os.O_RDWR | os.O_TMPFILE | os.O_EXCL,
                                 temporary)),
        ("copy", lambda: with_fd(at("copy"), read_write, copy_range)),
        ("direct", lambda: with_fd(at("big"), os.O_RDONLY | os.O_DIRECT,
                                   direct)),
        ("mapped", lambda: with_fd(at("mapped"), read_write, mapped)),
        ("truncate", lambda: os.truncate(at("mapped"), 3)),
        ("empty", lambda: os.truncate(at("mapped"), 0)),
        ("too large", lambda: os.truncate(at("mapped"), (1 << 63) - 1)),
        ("append", lambda: with_fd(at("data"), os.O_WRONLY | os.O_APPEND,
                                   lambda fd: os.write(fd, b"more"))),
        ("sync folder", lambda: with_fd(at("."), os.O_RDONLY, os.fsync)),
        ("write a folder", lambda: with_fd(at("made"), os.O_WRONLY, id)),
        ("unlinked", lambda: with_fd(at("big"), os.O_RDWR,
                                     lambda fd: unlinked(at("big"), fd))),
    ]


def unlinked(path, fd):
    """Uses a file that has no name any more."""
    os.unlink(path)
    os.ftruncate(fd, 100000)
    os.fchmod(fd, 0o640)
    os.pwrite(fd, b"still here", 90000)
    os.fsync(fd)
    info = os.fstat(fd)
    return info.st_nlink, info.st_size, oct(info.st_mode), \
        os.pread(fd, 30, 89990), hash(os.pread(fd, 1 << 17, 0))


def listing(folder):
    """Returns name, kind, number and attributes of all that is in folder."""
    found = {}
    for entry in os.scandir(folder):
        info = os.lstat(entry.path)
        kind = (entry.is_file(follow_symlinks=False), entry.is_symlink(),
                entry.is_dir(follow_symlinks=False))
        found[entry.name] = (
            kind, entry.inode(), info.st_ino, info.st_mode, info.st_nlink,
            info.st_uid, info.st_gid, info.st_size, info.st_blocks,
            info.st_rdev, info.st_mtime_ns, info.st_ctime_ns)
    return found


class OnLower(judged.Judged):
    """Puts the tree on a file system of its own and mounts that."""
    MOUNT = False
    FILES = {**judged.Judged.FILES, "empty": "", "work/data": KNOWN,
             "work/big": judged.Judged.FILES["big"]}
    TOOLS = ()

    def setUp(self):
        for tool in (*self.TOOLS, "setfacl"):
            if not shutil.which(tool):
                self.skipTest(f"needs {tool}")
        super().setUp()
        shutil.copy(os.path.realpath(shutil.which("true")),
                    self.below("bin/true"))
        os.mkdir(self.below("work/sub"))
        os.mkdir(self.below("many"))
        os.symlink("data", self.below("work/to-data"))
        os.setxattr(self.below("work/data"), "user.kept", b"value")
        run("cp", "-a", self.below("work"), self.below("bare"))
        for number in range(MANY_FILES):
            path = self.below(f"many/file {number}")
            write(path, "")
            for link in range(1, MANY_LINKS):
                os.link(path, f"{path} link {link}")
        write(self.below("group"), KNOWN)
        os.chown(self.below("group"), 0, 2345)
        os.chmod(self.below("group"), 0o640)
        os.chmod(self.tree, 0o755)
        self.make_list("tlv-true", self.below("bin"))
        source, self.tree = self.tree, os.path.join(self.base, "lower")
        os.mkdir(self.tree)
        self.attach(source)
        self.mount()

    def attach(self, source):
        """Makes self.tree a file system that holds what source does."""
        raise NotImplementedError

    def mount_lower(self, *arguments):
        done = run("mount", *arguments, self.tree, check=False)
        if done.returncode != 0:
            self.skipTest(f"cannot mount {self.id()}: {done.stderr.strip()}")
        self.addCleanup(run, "umount", self.tree)

    def image(self):
        path = os.path.join(self.base, "image")
        with open(path, "wb") as file:
            file.truncate(IMAGE_SIZE_BYTES)
        return path

    def fill(self, source):
        run("cp", "-a", source + "/.", self.tree)
        run("sync", "-f", self.tree)


class Same:
    """What must hold on every lower file system."""
    DIFFERENCES = ()

    def test_known_files_read_and_run(self):
        self.assertReads(self.at("data"), KNOWN)
        self.assertReads(self.at("big"), read(self.below("big")))
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")
        run(self.at("bin/true"))

    def test_calls_give_the_same_as_below(self):
        folders = self.at("work"), self.below("bare")
        compared, differences = 0, {}
        for calls in (name_calls, attribute_calls, data_calls):
            both = [calls(lambda name, f=f: os.path.join(f, name))
                    for f in folders]
            for (name, mine), (_, bare) in zip(*both):
                results = outcome(mine), outcome(bare)
                if results[0] != results[1]:
                    differences[name] = results
                compared += 1
        print(f"# {compared} calls compared")
        self.assertEqual(set(differences), set(self.DIFFERENCES), differences)
        self.assertEqual(*(sorted(os.listdir(f)) for f in folders))

    def test_users_who_do_not_own_a_file_read_by_its_mode(self):
        for group, expected in ((2345, 0), (2346, 1)):
            codes = [subprocess.run(
                ["cat", where("group")], user=1234, group=group,
                extra_groups=[], capture_output=True, check=False).returncode
                for where in (self.at, self.below)]
            self.assertEqual(codes, [expected, expected])

    def test_folders_list_the_same(self):
        for name in ("many", "work", "."):
            mine, bare = listing(self.at(name)), listing(self.below(name))
            self.assertEqual(mine, bare, name)
        self.assertEqual(len(os.listdir(self.at("many"))),
                         MANY_FILES * MANY_LINKS)


class Writable(Same):
    """What must hold where the lower file system can be written."""

    def test_aliens_are_refused(self):
        write(self.below("alien"), "alien")
        self.assertDenied(self.at("alien"))
        shutil.copy(self.below("bin/true"), self.below("bin/alien"))
        with open(self.below("bin/alien"), "ab") as file:
            file.write(b"\0")
        with self.assertRaises(PermissionError):
            subprocess.run([self.at("bin/alien")], check=False)

    def test_changes_are_refused_until_they_are_undone(self):
        good = read(self.below("big"))
        for where in (self.at, self.below):
            self.assertReads(self.at("big"), good)
            with_fd(where("big"), os.O_WRONLY,
                    lambda fd: os.pwrite(fd, b"X", 70000))
            self.assertDenied(self.at("big"))
            with_fd(where("big"), os.O_WRONLY,
                    lambda fd: os.pwrite(fd, good[70000:70001], 70000))
            self.assertReads(self.at("big"), good)
            with open(where("data"), "wb") as file:
                file.write(b"other")
            self.assertDenied(self.at("data"))
            write(where("data"), KNOWN)
            self.assertReads(self.at("data"), KNOWN)
        self.assertEqual(self.status()["verdicts"]["denied"], 4)

    def test_stores_through_mappings_below_are_noticed(self):
        good = read(self.below("big"))
        for content in (b"X", good[70000:70001]):
            with open(self.below("big"), "r+b") as file, \
                    mmap.mmap(file.fileno(), 0) as memory:
                memory[70000:70001] = content
            if content == b"X":
                self.assertDenied(self.at("big"))
        self.assertReads(self.at("big"), good)

    def test_replaced_files_are_judged_anew(self):
        self.assertReads(self.at("data"), KNOWN)
        write(self.at("alien"), "alien")
        os.rename(self.at("alien"), self.at("data"))
        self.assertDenied(self.at("data"))
        shutil.copy(self.below("work/data"), self.below("data"))
        self.assertReads(self.at("data"), KNOWN)

    def test_files_without_a_name_are_read_on(self):
        with open(self.at("big"), "rb", buffering=0) as file:
            os.unlink(self.at("big"))
            content = b"".join(iter(lambda: file.read(1 << 16), b""))
            self.assertEqual(judged.sha256(content),
                             judged.sha256(self.FILES["big"]))
            mine = os.fstat(file.fileno()).st_nlink
        with open(self.below("work/big"), "rb") as file:
            os.unlink(file.name)
            # On overlayfs it is 1 for a file of the lower layer.
            self.assertEqual(mine, os.fstat(file.fileno()).st_nlink)
        self.assertFalse(os.path.exists(self.below("big")))


class ReadOnly(Same):
    """What must hold where the lower file system cannot be written."""
    def add_aliens(self, source):
        """Called before the image is made, after the list was."""
        write(os.path.join(source, "alien"), "alien")
        shutil.copy(os.path.join(source, "bin/true"),
                    os.path.join(source, "bin/alien"))
        with open(os.path.join(source, "bin/alien"), "ab") as file:
            file.write(b"\0")

    def test_aliens_are_refused(self):
        self.assertDenied(self.at("alien"))
        with self.assertRaises(PermissionError):
            subprocess.run([self.at("bin/alien")], check=False)

    def test_nothing_can_be_changed(self):
        for call in (lambda: put(self.at("new")),
                     lambda: write(self.at("data"), KNOWN),
                     lambda: os.unlink(self.at("data")),
                     lambda: os.truncate(self.at("data"), 0)):
            self.assertEqual(outcome(call), "EROFS")
        self.assertReads(self.at("data"), KNOWN)


class Ext4Test(Writable, OnLower):
    def attach(self, source):
        image = self.image()
        run("mkfs.ext4", "-q", image)
        self.mount_lower("-o", "loop", image)
        self.fill(source)

    def test_calls_that_fuse_cannot_pass_on(self):
        """Deviations: the kernel's FUSE answers these itself."""
        for mode in (FALLOC_COLLAPSE_RANGE, FALLOC_INSERT_RANGE):
            def call(fd, mode=mode):
                os.pwrite(fd, b"x" * 65536, 0)
                return fallocate(fd, mode, 4096, 4096)
            for parent, expected in ((self.mnt, "ENOTSUP"),
                                     (self.tree, 0)):
                path = os.path.join(parent, f"range-{expected}-{mode}")
                self.assertEqual(outcome(lambda p=path: with_fd(
                    p, os.O_RDWR | os.O_CREAT, call)), expected)
        for where, expected in ((self.at, "ENOTSUP"), (self.below, 1)):
            self.assertEqual(outcome(lambda w=where: with_fd(
                w("big"), os.O_RDONLY, extents_of)), expected)


class CloningTest:
    """Where blocks can be shared, FUSE cannot ask for it."""

    def test_cloning_is_not_passed_on_but_copying_is(self):
        """Deviation: the kernel's FUSE answers FICLONE itself."""
        for parent, expected in ((self.tree, 0), (self.mnt, "ENOTSUP")):
            source = os.path.join(parent, "big")
            target = os.path.join(parent, "clone")
            self.assertEqual(outcome(lambda s=source, t=target: with_fd(
                s, os.O_RDONLY, lambda one: with_fd(
                    t, os.O_WRONLY | os.O_CREAT,
                    lambda two: fcntl.ioctl(two, FICLONE, one)))), expected)
        run("cp", "--reflink=auto", self.at("big"), self.at("clone"))
        self.assertReads(self.at("clone"), read(self.below("big")))


class XfsTest(Writable, CloningTest, OnLower):
    TOOLS = ("mkfs.xfs",)

    def attach(self, source):
        image = self.image()
        run("mkfs.xfs", "-q", image)
        self.mount_lower("-o", "loop", image)
        self.fill(source)


class BtrfsTest(Writable, CloningTest, OnLower):
    TOOLS = ("mkfs.btrfs", "btrfs")

    def attach(self, source):
        image = self.image()
        run("mkfs.btrfs", "-q", image)
        self.mount_lower("-o", "loop", image)
        self.fill(source)

    def test_inode_numbers_of_subvolumes_are_not_confused(self):
        run("btrfs", "subvolume", "snapshot", self.tree, self.below("snap"))
        self.assertEqual(os.stat(self.below("data")).st_ino,
                         os.stat(self.below("snap/data")).st_ino)
        self.assertReads(self.at("data"), KNOWN)
        self.assertReads(self.at("snap/data"), KNOWN)
        write(self.below("snap/data"), "alien")
        self.assertReads(self.at("data"), KNOWN)
        self.assertDenied(self.at("snap/data"))


class TmpfsTest(Writable, OnLower):
    def attach(self, source):
        self.mount_lower("-t", "tmpfs", "-o", "size=100m", "tmpfs")
        self.fill(source)


class RamfsTest(Writable, OnLower):
    """It has no extended attributes and cannot allocate."""

    def attach(self, source):
        self.mount_lower("-t", "ramfs", "ramfs")
        run("cp", "-r", "-P", "--preserve=mode,ownership,timestamps,links",
            source + "/.", self.tree)

    def test_extended_attributes_are_not_there(self):
        for where in (self.at, self.below):
            self.assertEqual(outcome(lambda w=where: os.setxattr(
                w("data"), "user.a", b"1")), "ENOTSUP")


class OverlayTest(Writable, OnLower):
    """The list-known files are in the lower layer, all others are copied."""

    def attach(self, source):
        for name in ("upper", "scratch"):
            os.mkdir(os.path.join(self.base, name))
        self.mount_lower(
            "-t", "overlay", "overlay", "-o",
            f"lowerdir={source},upperdir={self.base}/upper,"
            f"workdir={self.base}/scratch")
        self.upper = os.path.join(self.base, "upper")

    def test_a_file_that_is_open_can_be_copied_up(self):
        good = read(self.below("big"))
        for where, name in ((self.at, "big"), (self.below, "work/big")):
            self.check_copied_up(where, name, good)

    def check_copied_up(self, where, name, good):
        with open(self.at(name), "rb", buffering=0) as held:
            self.assertEqual(os.pread(held.fileno(), 9, 0), good[:9])
            os.chmod(where(name), 0o640)  # copies up, content unchanged
            self.assertEqual(os.pread(held.fileno(), 9, 500000),
                             good[500000:500009])
            self.assertReads(self.at(name), good)
            with_fd(where(name), os.O_WRONLY,
                    lambda fd: os.pwrite(fd, b"X", 600000))
            self.assertDenied(self.at(name))
            try:  # what it reads is what was judged, or an error
                self.assertEqual(os.pread(held.fileno(), 9, 700000),
                                 good[700000:700009])
            except OSError as error:
                self.assertEqual(error.errno, errno.EIO)
        with_fd(where(name), os.O_WRONLY,
                lambda fd: os.pwrite(fd, good[600000:600001], 600000))
        self.assertReads(self.at(name), good)

    def test_a_first_write_through_the_mount_is_judged(self):
        with open(self.at("data"), "rb", buffering=0) as held:
            self.assertEqual(held.read(), KNOWN)
            write(self.at("data"), "alien")  # opens, copies up, truncates
        self.assertDenied(self.at("data"))
        write(self.at("data"), KNOWN)
        self.assertReads(self.at("data"), KNOWN)
        self.assertEqual(read(os.path.join(self.upper, "data")), KNOWN)


class SquashfsTest(ReadOnly, OnLower):
    TOOLS = ("mksquashfs",)
    # The kernel opens by itself, and squashfs alone knows that it cannot.
    DIFFERENCES = ("direct",)

    def attach(self, source):
        self.add_aliens(source)
        image = os.path.join(self.base, "image")
        run("mksquashfs", source, image, "-quiet", "-no-progress")
        self.mount_lower("-o", "loop,ro", "-t", "squashfs", image)


class ErofsTest(ReadOnly, OnLower):
    TOOLS = ("mkfs.erofs",)

    def attach(self, source):
        self.add_aliens(source)
        image = os.path.join(self.base, "image")
        run("mkfs.erofs", image, source)
        self.mount_lower("-o", "loop,ro", "-t", "erofs", image)


if __name__ == "__main__":
    tap.main(judged.needs())
