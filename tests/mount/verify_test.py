#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `assayfs verify` with `rpm -Va` on trees that rpm installed."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
import unittest

import packages
import tap
from judged import assayfs, read, run, write
from packages import rpm

PROG = "usr/bin/prog"

FIRST = """
Name: first
Version: 1
Release: 1
Summary: x
License: x
AutoReqProv: no
%description
x
%install
mkdir -p %{buildroot}
cd %{buildroot}
mkdir -p usr/bin usr/lib usr/share/doc/first usr/share/shared etc \
  var/lib/first
for name in usr/bin/prog usr/bin/setuid usr/bin/ping usr/bin/twin \
    etc/first.conf etc/loose.conf usr/share/doc/first/README \
    usr/share/doc/first/COPYING usr/lib/artifact usr/lib/optional \
    usr/lib/file; do
  echo "$name" >$name
done
ln usr/bin/twin usr/bin/twin2
ln -s prog usr/bin/alias
ln -s ../lib usr/share/folder
echo shared >usr/share/shared/data
touch -d @1234567890 usr/share/shared/data
%files
%defattr(-,root,root,-)
/usr/bin/prog
%attr(4755,root,root) /usr/bin/setuid
%attr(755,root,root) %caps(cap_net_raw=ep) /usr/bin/ping
/usr/bin/twin
/usr/bin/twin2
/usr/bin/alias
/usr/share/folder
%config(noreplace) /etc/first.conf
%config %verify(not md5 size mtime) /etc/loose.conf
%doc /usr/share/doc/first/README
%license /usr/share/doc/first/COPYING
%artifact /usr/lib/artifact
%missingok /usr/lib/optional
/usr/lib/file
/usr/share/shared/data
%dir %attr(750,daemon,tty) /var/lib/first
%ghost %attr(644,root,root) /var/lib/first/log
%dev(c,1,3) %attr(666,root,root) /null
"""

SECOND = """
Name: second
Version: 2
Release: 1
Summary: x
License: x
AutoReqProv: no
%description
x
%install
mkdir -p %{buildroot}/bin %{buildroot}/usr/share/shared
echo second >%{buildroot}/bin/second
echo shared >%{buildroot}/usr/share/shared/data
touch -d @1111111111 %{buildroot}/usr/share/shared/data
%files
%defattr(-,root,root,-)
/bin/second
/usr/share/shared/data
"""


def needs():
    """Returns why these tests cannot run here, or None."""
    return packages.needs() or (
        None if shutil.which("setcap") else "needs setcap")


class Installed:
    """Packages made, signed and installed once, for all tests."""

    maker = None

    @classmethod
    def make(cls):
        cls.maker = packages.Maker()
        cls.install(cls.maker.at("tree"), [cls.maker.build("first", FIRST),
                                           cls.maker.build("second", SECOND)])

    @classmethod
    def install(cls, tree, rpms):
        os.makedirs(os.path.join(tree, "usr/bin"))
        os.mkdir(os.path.join(tree, "etc"))
        os.symlink("usr/bin", os.path.join(tree, "bin"))
        # Numbers that no other system has: they are looked up in the tree.
        write(os.path.join(tree, "etc/passwd"),
              "root:x:0:0::/:/bin/sh\ndaemon:x:4242:1::/:/bin/sh\n")
        write(os.path.join(tree, "etc/group"), "root:x:0:\ntty:x:4343:\n")
        rpm(tree, "--initdb")
        rpm(tree, "-i", "--nodeps", *rpms)


class VerifyTest(unittest.TestCase):
    def setUp(self):
        self.tree = tempfile.mkdtemp(dir=Installed.maker.folder)
        self.addCleanup(shutil.rmtree, self.tree)
        run("cp", "-a", Installed.maker.at("tree/."), self.tree)

    def below(self, name):
        return os.path.join(self.tree, name)

    def verify(self, *options, lists=None):
        words = ["--lists", lists] if lists else []
        return assayfs("verify", "--keys", Installed.maker.key, *words,
                       *options, self.tree, check=False)

    def rpm_lines(self):
        done = rpm(self.tree, "-Va", "--nodeps", check=False)
        return sorted(set(done.stdout.splitlines()))

    def lines(self, *options, **more):
        """Returns what is said of files, and the exit status."""
        done = self.verify(*options, **more)
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.splitlines()[:-1]), done.returncode

    def assertSaysWhatRpmSays(self, *expected):
        lines, status = self.lines()
        self.assertEqual(lines, self.rpm_lines())
        self.assertEqual(lines, sorted(expected))
        self.assertEqual(status, 1 if expected else 0)

    @contextlib.contextmanager
    def keeping_time(self, name):
        before = os.stat(self.below(name))
        yield
        os.utime(self.below(name), ns=(before.st_atime_ns,
                                       before.st_mtime_ns))


class AsRpmTest(VerifyTest):
    def test_nothing_differs(self):
        self.assertSaysWhatRpmSays()
        self.assertRegex(self.verify().stdout,
                         r"^\d+ files checked, 0 differ, 0 missing, "
                         r"2 packages, 0 refused\n$")

    def test_content(self):
        with self.keeping_time(PROG):
            write(self.below(PROG), "usr/bin/PROG\n")
        write(self.below("usr/bin/setuid"), "longer than before\n")
        os.utime(self.below("usr/bin/setuid"), (5, 5))
        self.assertSaysWhatRpmSays(
            "..5......    /usr/bin/prog", "S.5....T.    /usr/bin/setuid")

    def test_mode_owner_and_time(self):
        os.chmod(self.below(PROG), 0o4755)
        os.chmod(self.below("usr/bin/setuid"), 0o755)
        os.chown(self.below("usr/lib/file"), 4242, 0)
        os.chown(self.below("var/lib/first"), 1, 5)
        os.utime(self.below("usr/bin/twin"), (5, 5))
        os.chown(self.below("usr/bin/alias"), 0, 7, follow_symlinks=False)
        self.assertSaysWhatRpmSays(
            ".M.......    /usr/bin/prog",
            ".M.......    /usr/bin/setuid",
            ".....U...    /usr/lib/file",
            ".....UG..    /var/lib/first",
            ".......T.    /usr/bin/twin",
            ".......T.    /usr/bin/twin2",
            "......G..    /usr/bin/alias")

    def test_links(self):
        for name, target in (("usr/bin/alias", "ping"),
                             ("usr/share/folder", "/etc")):
            os.unlink(self.below(name))
            os.symlink(target, self.below(name))
        self.assertSaysWhatRpmSays("....L....    /usr/bin/alias",
                                   "....L....    /usr/share/folder")

    def test_capabilities(self):
        with self.keeping_time("usr/bin/ping"):
            run("setcap", "cap_net_admin=ep", self.below("usr/bin/ping"))
            run("setcap", "cap_net_raw=ep", self.below(PROG))
        self.assertSaysWhatRpmSays("........P    /usr/bin/ping",
                                   "........P    /usr/bin/prog")
        run("setcap", "-r", self.below("usr/bin/ping"))
        os.removexattr(self.below(PROG), "security.capability")
        self.assertSaysWhatRpmSays("........P    /usr/bin/ping")

    def test_missing_files(self):
        for name in (PROG, "etc/first.conf", "usr/lib/optional",
                     "usr/share/doc/first/README", "usr/bin/alias"):
            os.unlink(self.below(name))
        shutil.rmtree(self.below("usr/share/shared"))
        write(self.below("usr/share/shared"), "")
        self.assertSaysWhatRpmSays(
            "missing     /usr/bin/prog", "missing     /usr/bin/alias",
            "missing   c /etc/first.conf",
            "missing   d /usr/share/doc/first/README",
            "missing     /usr/share/shared/data (Not a directory)")

    def test_attributes(self):
        for name in ("etc/first.conf", "etc/loose.conf", "usr/lib/artifact",
                     "usr/lib/optional", "usr/share/doc/first/README",
                     "usr/share/doc/first/COPYING"):
            with self.keeping_time(name):
                write(self.below(name), "changed\n")
        write(self.below("var/lib/first/log"), "ghost\n")
        os.chmod(self.below("var/lib/first/log"), 0o600)
        self.assertSaysWhatRpmSays(
            "S.5......  c /etc/first.conf", "S.5......  a /usr/lib/artifact",
            "S.5......  m /usr/lib/optional",
            "S.5......  d /usr/share/doc/first/README",
            "S.5......  d /usr/share/doc/first/COPYING",
            ".M.......  g /var/lib/first/log")

    def test_other_types(self):
        """Neither a FIFO nor a device is waited for."""
        for name in (PROG, "usr/bin/alias", "usr/lib/file", "null"):
            os.unlink(self.below(name))
        os.rmdir(self.below("var/lib/first"))
        os.mkfifo(self.below(PROG), 0o755)
        write(self.below("usr/bin/alias"), "prog")
        os.symlink("optional", self.below("usr/lib/file"))
        os.mknod(self.below("null"), 0o20666, os.makedev(1, 5))
        os.chmod(self.below("null"), 0o666)
        os.symlink("/etc", self.below("var/lib/first"))
        lines, _ = self.lines()
        self.assertEqual(lines, self.rpm_lines())
        self.assertIn(".M.......    /usr/bin/prog", lines)
        self.assertIn("....L....    /usr/lib/file", lines)
        self.assertIn("...D.....    /null", lines)
        self.assertEqual(len(lines), 5)

    def test_shared_files(self):
        write(self.below("usr/share/shared/data"), "SHARED\n")
        self.assertSaysWhatRpmSays("..5......    /usr/share/shared/data")


class BeyondRpmTest(VerifyTest):
    """The database says what an intruder wants, and rpm believes it."""

    def setUp(self):
        super().setUp()
        with self.keeping_time(PROG):
            write(self.below(PROG), "usr/bin/PROG\n")
        self.assertEqual(self.rpm_lines(), ["..5......    /usr/bin/prog"])

    def change_database(self, change):
        """Replaces the header of package first by what change makes of it."""
        with contextlib.closing(sqlite3.connect(
                self.below("var/lib/rpm/rpmdb.sqlite"))) as database:
            rows = database.execute("SELECT hnum, blob FROM Packages")
            (number, blob), = [row for row in rows if b"/usr/bin/" in row[1]
                               and b"setuid" in row[1]]
            database.execute("UPDATE Packages SET blob = ? WHERE hnum = ?",
                             (change(blob), number))
            database.commit()

    @staticmethod
    def signed_part(blob):
        """Returns what the signature covers; its entry leads to the end."""
        entries, = struct.unpack_from(">I", blob)
        _, _, offset, _ = struct.unpack_from(">IIII", blob, 8)
        data = 8 + entries * 16
        _, _, back, _ = struct.unpack_from(">IIiI", blob, data + offset)
        index_bytes, data_bytes = -back, offset + 16
        return (bytes.fromhex("8eade80100000000") +
                struct.pack(">II", index_bytes // 16, data_bytes) +
                blob[8:8 + index_bytes] + blob[data:data + data_bytes])

    def with_new_digest(self, blob):
        """Another file digest, and those of the header in step with it."""
        for algorithm in ("sha1", "sha256"):
            self.assertIn(hashlib.new(algorithm, self.signed_part(
                blob)).hexdigest().encode(), blob)
        old = self.signed_part(blob)
        blob = blob.replace(
            hashlib.sha256(b"usr/bin/prog\n").hexdigest().encode(),
            hashlib.sha256(b"usr/bin/PROG\n").hexdigest().encode())
        new = self.signed_part(blob)
        self.assertNotEqual(new, old)
        for algorithm in ("sha1", "sha256"):
            blob = blob.replace(
                hashlib.new(algorithm, old).hexdigest().encode(),
                hashlib.new(algorithm, new).hexdigest().encode())
        return blob

    def test_a_digest_in_the_database(self):
        self.change_database(self.with_new_digest)
        self.assertEqual(self.rpm_lines(), [])
        lines, status = self.lines()
        self.assertEqual(status, 1)
        self.assertEqual(len(lines), 1)
        self.assertIn("/rpm-first-1-1.", lines[0])
        self.assertIn("bad signature", lines[0])
        # The packages themselves tell what differs.
        lines, status = self.lines(lists=Installed.maker.rpms)
        self.assertEqual(lines, ["..5......    /usr/bin/prog"])
        self.assertEqual(status, 1)

    def test_a_state_in_the_database(self):
        """What is marked as not installed rpm passes over."""
        def without_files(blob):
            entries, = struct.unpack_from(">I", blob)
            for i in range(entries):
                tag, _, offset, count = struct.unpack_from(
                    ">IIII", blob, 8 + 16 * i)
                if tag == 1029:
                    begin = 8 + 16 * entries + offset
                    return (blob[:begin] + b"\2" * count +
                            blob[begin + count:])
            raise AssertionError("no FILESTATES")
        self.change_database(without_files)
        self.assertFalse([line for line in self.rpm_lines()
                          if "(not installed)" not in line])
        self.assertEqual(self.lines(), (["..5......    /usr/bin/prog"], 1))


class OutputTest(VerifyTest):
    def test_json(self):
        os.unlink(self.below(PROG))
        os.chmod(self.below("etc/first.conf"), 0o600)
        answer = json.loads(self.verify("--json").stdout)
        self.assertEqual(answer["files"], [
            {"path": "/etc/first.conf", "kind": "differs",
             "marks": ".M.......", "attribute": "c",
             "package": answer["files"][0]["package"]},
            {"path": "/usr/bin/prog", "kind": "missing",
             "package": answer["files"][0]["package"]}])
        self.assertRegex(answer["files"][0]["package"], "^first-1-1[.]")
        self.assertEqual([answer[name] for name in
                          ("differ", "missing", "packages", "refused")],
                         [1, 1, 2, 0])

    def test_quiet(self):
        os.unlink(self.below(PROG))
        done = self.verify("-q")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "^[^\n]* 1 missing, [^\n]*\n$")

    def test_revoked(self):
        revoked = Installed.maker.at("revoked")
        digest = run("sha512sum", self.below(PROG)).stdout.split()[0]
        write(revoked, f"digest sha512:{digest}\npackage second = 2\n")
        done = self.verify("--revoked", revoked)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertTrue(lines[0].endswith(
            ': revoked: by "package second = 2"'), lines)
        self.assertIn("revoked     /usr/bin/prog", lines)
        self.assertIn(" 1 revoked, 1 package, 1 refused", lines[-1])
        answer = json.loads(self.verify("--revoked", revoked, "--json").stdout)
        self.assertEqual(answer["revoked"], 1)
        self.assertEqual(answer["files"][0]["kind"], "revoked")

    def test_unowned(self):
        lines, status = self.lines("--unowned")
        self.assertEqual(status, 1)
        self.assertIn("unowned     /etc/passwd", lines)
        self.assertIn("unowned     /var/lib/rpm/rpmdb.sqlite", lines)
        # A package calls it /bin/second.
        self.assertNotIn("unowned     /usr/bin/second", lines)
        self.assertNotIn("unowned     /usr/bin/prog", lines)

    def test_one_processor_says_the_same(self):
        for name in sorted(os.listdir(self.below("usr/bin"))):
            os.chown(self.below("usr/bin/" + name), 7, 7,
                     follow_symlinks=False)
        os.sched_setaffinity(0, affinity := os.sched_getaffinity(0))
        try:
            several = self.verify().stdout
            os.sched_setaffinity(0, [min(affinity)])
            self.assertEqual(self.verify().stdout, several)
        finally:
            os.sched_setaffinity(0, affinity)

    def test_without_the_key_all_is_refused(self):
        """And nothing is created in the tree."""
        before = sorted(os.listdir(self.below("var/lib/rpm")))
        done = assayfs("verify", "--keys",
                       Installed.maker.add_key("nobody"), self.tree,
                       check=False)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.endswith(
            "\n0 files checked, 0 differ, 0 missing, 0 packages, "
            "2 refused\n"), done.stdout)
        self.assertEqual(sorted(os.listdir(self.below("var/lib/rpm"))), before)


def setUpModule():
    Installed.make()


def tearDownModule():
    Installed.maker.remove()


if __name__ == "__main__":
    tap.main(needs())
