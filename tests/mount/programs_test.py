#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real programs work on the mount as they do beside it."""

import collections
import os
import shutil
import stat
import subprocess

import beside
import judged
import tap
from beside import PYTHON, long_run, snapshot
from judged import PATIENCE, read, run, write
from packages import small_root

# The quick ones; the long tests run all.
PYTHON_TESTS = (
    "test_os", "test_shutil", "test_tempfile", "test_mmap", "test_fcntl",
    "test_posix", "test_fileio", "test_file", "test_glob", "test_pathlib",
    "test_genericpath", "test_stat", "test_filecmp", "test_bufio")

# All stressors that work on files of --temp-path, with options that keep
# them small.
STRESSORS = {
    "access": [], "aio": [], "aiol": [], "chattr": [], "chdir": [],
    "chmod": [], "chown": [], "copy-file": [],
    "dentry": ["--dentries", "200"], "dir": ["--dir-dirs", "200"],
    "dirdeep": ["--dirdeep-inodes", "500"],
    "dirmany": [],
    "fallocate": ["--fallocate-bytes", "8M"], "fcntl": [],
    "fiemap": [], "file-ioctl": [], "filename": [],
    "flock": [], "fpunch": [], "fsize": [], "fstat": [], "getdent": [],
    "hdd": ["--hdd-bytes", "8M"], "inode-flags": [], "io": [],
    "iomix": ["--iomix-bytes", "8M"], "io-uring": [], "lease": [], "link": [],
    "locka": [], "lockf": [], "lockofd": [], "mknod": [],
    "mmap": ["--mmap-file", "--mmap-bytes", "8M"], "msync": [], "open": [],
    "readahead": ["--readahead-bytes", "8M"], "rename": [],
    "revio": ["--revio-bytes", "8M"], "seek": ["--seek-size", "4M"],
    "sendfile": ["--sendfile-size", "1M"], "splice": [], "symlink": [],
    "sync-file": ["--sync-file-bytes", "8M"], "touch": [],
    "utime": [], "xattr": []}

# The kernel's FUSE has no FIEMAP; lowers_test.py pins that.
FUSE_CANNOT = ("fiemap",)

SQL_WRITER = """.timeout 60000
PRAGMA journal_mode=WAL;
PRAGMA wal_autocheckpoint=20;
""" + "".join(f"INSERT INTO t(who, what) VALUES(NAME, hex(randomblob({n})));\n"
              for n in range(150))

PERL_FILE_OPERATORS = r"""
use strict; use warnings;
use File::Copy qw(copy move); use File::Find; use File::Temp qw(tempfile);
use File::Path qw(make_path remove_tree); use File::stat ();
use Fcntl qw(:flock :seek :mode);
my $n = 0;
sub is { my ($got, $want, $what) = @_; ++$n;
  die "$what: got '$got', not '$want'\n" unless "$got" eq "$want" }
open(my $f, '+>', 'a') or die; print $f "line $_\n" for 1..1000; close $f;
is(-s 'a', 9 * 7 + 90 * 8 + 900 * 9 + 10, 'size');
open($f, '<', 'a') or die; my @lines = <$f>; close $f;
is(scalar @lines, 1000, 'lines'); is($lines[999], "line 1000\n", 'last line');
is((-e 'a' && -f _ && -r _ && -w _ && !-d _ && !-x _ && !-l 'a') ? 1 : 0, 1,
  'operators');
chmod(0755, 'a') == 1 or die; is(-x 'a' ? 1 : 0, 1, '-x');
is(sprintf('%o', (stat 'a')[2] & 07777), '755', 'mode');
utime(1000000000, 1100000000, 'a') == 1 or die; is((stat 'a')[9], 1100000000,
  'time'); is(int(-M 'a') > 100 ? 1 : 0, 1, '-M');
copy('a', 'b') or die; is(-s 'b', -s 'a', 'copy');
move('b', 'c') or die; is(-e 'b' ? 1 : 0, 0, 'move');
link('c', 'd') or die; is((stat 'c')[3], 2, 'links');
symlink('c', 'e') or die; is(readlink 'e', 'c', 'readlink');
is(-l 'e' ? 1 : 0, 1, '-l'); is((lstat 'e')[7], 1, 'lstat');
rename('d', 'f') or die; is(unlink('c', 'f', 'none'), 2, 'unlink');
make_path('p/q/r', 'p/s'); my $seen = '';
open($f, '>', "p/q/$_") && close $f for 1..20;
find(sub { $seen++ }, 'p'); is($seen, 24, 'find');
is(join(',', sort map { s/.*\///r } glob 'p/q/1*'),
  join(',', sort(1, 10..19)), 'glob');
opendir(my $d, 'p/q') or die; my @names = grep !/^\./, readdir $d;
is(scalar @names, 21, 'readdir'); rewinddir $d;
is(scalar(grep !/^\./, readdir $d), 21, 'rewinddir'); closedir $d;
remove_tree('p'); is(-e 'p' ? 1 : 0, 0, 'remove_tree');
my ($t, $name) = tempfile(DIR => '.'); flock($t, LOCK_EX | LOCK_NB) or die;
print $t 'x' x 100000; $t->flush; truncate($t, 5) or die;
seek($t, 0, SEEK_SET) or die;
is(join('', <$t>), 'x' x 5, 'truncate'); close $t;
open($f, '>>', 'a') or die; print $f 'more'; close $f;
open($f, '+<', 'a') or die; seek($f, -4, SEEK_END); read($f, my $end, 4);
is($end, 'more', 'append and seek'); is(tell $f, -s 'a', 'tell');
is(eof $f ? 1 : 0, 1, 'eof'); close $f;
{ local ($^I, @ARGV) = ('.bak', 'a'); while (<>) { s/line/LINE/; print } }
open($f, '<', 'a') or die; is(scalar <$f>, "LINE 1\n", 'edit in place');
is(-e 'a.bak' ? 1 : 0, 1, 'backup'); close $f;
mkdir('m', 0700) or die; is(mkdir('m') ? 1 : 0, 0, 'mkdir');
is($! + 0, 17, 'errno'); rmdir('m') or die;
is(open($f, '<', 'none') ? 1 : 0, 0, 'open none'); is($! + 0, 2, 'ENOENT');
print "$n\n";
"""

MAINTAINER_SCRIPT = """#!/bin/sh
set -e
echo "NAME $*" >>/log
touch "/made-by-NAME"
[ -e /usr/share/hello/data ] && echo there >>/log || echo absent >>/log
"""

SPEC = """Name: hello
Version: VERSION
Release: 1
Summary: A package with scriptlets
License: none
BuildArch: noarch
AutoReqProv: no
%description
It has files of every kind.
%install
mkdir -p %{buildroot}/usr/share/hello %{buildroot}/etc
echo data VERSION >%{buildroot}/usr/share/hello/data
ln %{buildroot}/usr/share/hello/data %{buildroot}/usr/share/hello/hard
ln -s data %{buildroot}/usr/share/hello/soft
head -c 300000 /dev/zero | tr '\\0' VERSION >%{buildroot}/usr/share/hello/big
echo setting >%{buildroot}/etc/hello.conf
%files
%attr(4711,root,root) /usr/share/hello/big
/usr/share/hello/data
/usr/share/hello/hard
/usr/share/hello/soft
%config(noreplace) /etc/hello.conf
""" + "".join(f"%{name}\necho {name} $1 >>/log; touch /made-by-{name}\n"
              for name in ("pre", "post", "preun", "postun"))


def tree_of_everything(top):
    """Makes files with links, attributes, access lists, holes and times."""
    def at(name):
        return os.path.join(top, name)
    os.makedirs(at("folder/deep"))
    for number in range(40):
        write(at(f"folder/file {number}"), os.urandom(number * 1000))
    os.link(at("folder/file 3"), at("folder/deep/hard"))
    os.link(at("folder/file 3"), at("another"))
    os.symlink("folder/none", at("dangling"))
    os.mkfifo(at("pipe"), 0o640)
    os.mknod(at("null"), 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    with open(at("sparse"), "wb") as file:
        file.truncate(8 << 20)
        os.pwrite(file.fileno(), b"x" * 4096, 4 << 20)
    write(at("setuid"), "program")
    os.chown(at("setuid"), 1234, 2345)
    os.chmod(at("setuid"), 0o6755)
    os.setxattr(at("setuid"), "security.capability",
                b"\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0")
    os.setxattr(at("another"), "user.colour", b"blue\0\xff")
    os.setxattr(at("folder"), "trusted.hidden", b"1")
    run("setfacl", "-m", "u:1234:rw,g:7:x", at("another"))
    run("setfacl", "-d", "-m", "u:1234:rwx", at("folder/deep"))
    write(at("nl\nname"), "odd")
    for number, (folder, folders, files) in enumerate(
            os.walk(top, topdown=False)):
        for name in folders + files:
            os.utime(os.path.join(folder, name), follow_symlinks=False,
                     ns=(1_500_000_000_123_456_789,
                         1_600_000_000_000_000_001 + number))


class Programs:
    """Programs that are run in both kinds of mount; see also the long tests."""

    def test_git(self):
        self.need("git")

        def work(folder):
            environment = {
                "PATH": os.environ["PATH"], "HOME": folder,
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
                "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
                "GIT_COMMITTER_EMAIL": "a@b",
                "GIT_AUTHOR_DATE": "1500000000 +0000",
                "GIT_COMMITTER_DATE": "1500000000 +0000"}

            def git(*words, where="repo"):
                return run("git", *words, env=environment, cwd=os.path.join(
                    folder, where)).stdout
            git("init", "-q", "-b", "main", "repo", where=".")
            for step in range(5):
                for number in range(40):
                    write(os.path.join(folder, f"repo/file{number}"),
                          f"{step} {number}\n" * (number + 1) * 20)
                git("add", ".")
                git("commit", "-q", "-m", f"step {step}")
            git("tag", "-a", "-m", "tag", "v1")
            git("clone", "-q", "repo", "linked", where=".")
            git("clone", "-q", "--no-local", "repo", "copied", where=".")
            seen = []
            for clone in ("repo", "linked", "copied"):
                git("repack", "-q", "-a", "-d", "-f", where=clone)
                git("gc", "-q", "--aggressive", "--prune=now", where=clone)
                seen.append((git("fsck", "--full", "--strict", where=clone),
                             git("status", "--porcelain", where=clone),
                             git("rev-parse", "HEAD^{tree}", where=clone),
                             git("count-objects", "-v", where=clone)
                             .split()[:4]))
            git("checkout", "-q", "-b", "side", "HEAD~2")
            git("merge", "-q", "--no-edit", "main")
            git("stash", "list")
            return seen, git("log", "--format=%H"), git("grep", "-c", "4 7")
        self.both(work)

    def test_sqlite_with_two_writers(self):
        self.need("sqlite3")

        def work(folder):
            path = os.path.join(folder, "db")
            made = run("sqlite3", path,
                       "PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER "
                       "PRIMARY KEY, who, what); CREATE INDEX i ON t(what);")
            writers = []
            for name in "ab":
                writers.append(subprocess.Popen(
                    ["sqlite3", "-bail", path], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    text=True))
            for name, writer in zip("ab", writers):
                writer.stdin.write(SQL_WRITER.replace("NAME", f"'{name}'"))
                writer.stdin.close()
            said = []
            for writer in writers:
                said.append(writer.stdout.read())
                writer.stdout.close()
                said.append(writer.wait(PATIENCE))
            checked = run("sqlite3", path,
                          "PRAGMA integrity_check; SELECT who, count(*), "
                          "sum(length(what)) FROM t GROUP BY who; VACUUM;"
                          "PRAGMA wal_checkpoint(TRUNCATE);"
                          "PRAGMA integrity_check;")
            return made.stdout, said, checked.stdout, os.listdir(folder)
        result = self.both(work)
        self.assertIn("ok\na|150|22352\nb|150|22352\n", result[2])

    def copies(self, *commands):
        """Runs commands in turn, from a tree of everything; compares all."""
        source = os.path.join(self.base, "source")
        os.mkdir(source)
        tree_of_everything(source)

        def work(folder):
            for command in commands:
                done = subprocess.run(
                    ["bash", "-c", command, "-", source], cwd=folder,
                    capture_output=True, text=True, timeout=PATIENCE,
                    check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
            return {name: snapshot(os.path.join(folder, name))
                    for name in ("in", "again")}
        found = self.both(work)
        expected = snapshot(source)
        for copy in (found["in"], found["again"],
                     snapshot(os.path.join(self.bare, "work/again")),
                     snapshot(self.below("work/again"))):
            for entries in (copy, expected):
                for entry in entries.values():
                    entry.pop("blocks", None)  # depends on the copier
            self.assertEqual(copy, expected)

    def test_tar(self):
        tar = "tar --xattrs --xattrs-include='*' --acls -S --format=posix"
        self.copies(
            "mkdir in again",
            f"{tar} -C \"$1\" -cf 1.tar . && {tar} -C in -xpf 1.tar",
            f"{tar} -C in -cf 2.tar . && {tar} -C again -xpf 2.tar",
            f"{tar} -C again -df 2.tar")

    def test_rsync(self):
        self.need("rsync")
        self.copies(
            "rsync -aHAXS \"$1/\" in/", "rsync -aHAXS in/ again/",
            "[ -z \"$(rsync -aHAXSci in/ again/)\" ]",
            "echo changed >>again/another && "
            "rsync -aHAX --inplace --no-whole-file -I in/ again/")

    def test_cp(self):
        self.copies("cp -a \"$1\" in", "cp -a in again",
                    "diff -r --no-dereference in/folder again/folder")

    def test_perl_file_operators(self):
        """Debian packs none of perl's own tests, so these are ours."""
        self.need("perl")

        def work(folder):
            done = run("perl", "-e", PERL_FILE_OPERATORS, cwd=folder)
            return done.stdout, done.stderr
        count, errors = self.both(work)
        self.assertEqual(errors, "")
        print(f"# {count.strip()} checks")

    def test_dpkg_with_scripts(self):
        self.need("dpkg", "dpkg-deb")
        packages = os.path.join(self.base, "debs")
        for version in "123":
            root = os.path.join(packages, version)
            os.makedirs(root + "/DEBIAN")
            os.makedirs(root + "/usr/share/hello")
            os.mkdir(root + "/etc")
            write(root + "/DEBIAN/control",
                  f"Package: hello\nVersion: {version}\nArchitecture: all\n"
                  "Maintainer: none <a@b>\nDescription: none\n")
            write(root + "/DEBIAN/conffiles", "/etc/hello.conf\n")
            for name in ("preinst", "postinst", "prerm", "postrm"):
                script = MAINTAINER_SCRIPT.replace("NAME", name)
                if (version, name) == ("3", "preinst"):
                    script += "exit 7\n"  # dpkg has to go back
                write(f"{root}/DEBIAN/{name}", script)
                os.chmod(f"{root}/DEBIAN/{name}", 0o755)
            write(root + "/etc/hello.conf", "setting\n")
            write(root + "/usr/share/hello/data", f"data {version}\n")
            write(root + "/usr/share/hello/big", version * 300000)
            os.symlink("data", root + "/usr/share/hello/soft")
            os.link(root + "/usr/share/hello/data",
                    root + "/usr/share/hello/hard")
            run("dpkg-deb", "--root-owner-group", "-b", root,
                f"{packages}/{version}.deb")

        def work(folder):
            small_root(folder)
            for name in ("info", "updates", "triggers"):
                os.makedirs(os.path.join(folder, "var/lib/dpkg", name))
            for name in ("status", "available"):
                write(os.path.join(folder, "var/lib/dpkg", name), "")
            seen = []
            for words in (("-i", packages + "/1.deb"),
                          ("-i", packages + "/2.deb"),
                          ("-i", packages + "/3.deb"), ("-V", "hello"),
                          ("-L", "hello"), ("-s", "hello"), ("-r", "hello"),
                          ("-P", "hello")):
                done = run("dpkg", f"--root={folder}", *words, check=False)
                seen.append((words, done.returncode, [
                    line for line in
                    (done.stdout + done.stderr).replace(folder, "ROOT")
                    .splitlines()
                    if "Reading database" not in line]))
                seen.append(snapshot(folder + "/usr/share", times=False))
            return seen, read(folder + "/log"), sorted(os.listdir(folder))
        seen, log, _ = self.both(work)
        self.assertEqual([entry[1] for entry in seen[::2]],
                         [0, 0, 1, 0, 0, 0, 0, 0], seen)
        self.assertIn(b"postinst configure", log)

    def test_rpm_with_scriptlets(self):
        self.need("rpm", "rpmbuild")
        packages = os.path.join(self.base, "rpms")
        os.mkdir(packages)
        for version in "12":
            spec = f"{packages}/{version}.spec"
            write(spec, SPEC.replace("VERSION", version))
            run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {packages}",
                "--define", f"_rpmdir {packages}", "--define",
                f"_build_name_fmt {version}.rpm", "--define",
                "__spec_install_post %{nil}", "--define",
                "_binary_payload w1.gzdio", spec)

        def work(folder):
            small_root(folder)
            rpm = ["rpm", "--root", folder, "--dbpath", "/var/lib/rpm"]
            run(*rpm, "--initdb")
            seen = []
            for words in (("-i", "--nodeps", packages + "/1.rpm"), ("-qa",),
                          ("-V", "--nodeps", "hello"),
                          ("-U", "--nodeps", packages + "/2.rpm"),
                          ("-V", "--nodeps", "hello"), ("-ql", "hello"),
                          ("-e", "hello"), ("-qa",)):
                done = run(*rpm, *words, check=False)
                seen.append((words, done.returncode, done.stdout,
                             done.stderr.replace(folder, "ROOT")))
                seen.append(snapshot(folder + "/usr/share", times=False))
            return seen, read(folder + "/log"), sorted(os.listdir(folder))
        seen, log, _ = self.both(work)
        self.assertEqual({entry[1] for entry in seen[::2]}, {0}, seen)
        self.assertEqual(log.split(b"\n")[:2], [b"pre 1", b"post 1"])


class LoggedTest(beside.Logged, Programs, beside.Beside):
    """Every open is judged."""
    STRESS_SECONDS = 1

    def test_pythons_own_tests(self):
        probe = run(PYTHON, "-c", "import test.test_os", check=False)
        if probe.returncode != 0:
            self.skipTest("needs the testsuite of " + PYTHON)
        mine, bare = beside.python_tests(
            PYTHON_TESTS, (self.mnt, self.bare), PATIENCE)
        self.maxDiff = None
        self.assertGreater(len(bare), 500)
        differences = {n: (mine.get(n), bare.get(n)) for n in mine | bare
                       if mine.get(n) != bare.get(n)}
        kinds = list(bare.values())
        print(f"# {len(bare)} tests, {len(differences)} differ; beside the "
              "mount: " + ", ".join(f"{kinds.count(kind)} {kind}"
                                    for kind in sorted(set(kinds))))
        self.assertEqual(differences, {})

    def test_stress_ng(self):
        self.need("stress-ng")
        # A stressor that is ended in time may leave a file that must stay.
        for folder in (self.tree, self.bare):
            self.addCleanup(run, "chattr", "-R", "-f", "-ia", folder,
                            check=False)
        counts, differences = collections.Counter(), {}
        names = list(STRESSORS)
        while names:
            group, names = names[:5], names[5:]
            running = [(name, self.stress(name, self.mnt)) for name in group]
            for name, process in running:
                outcome, output = self.finish(process)
                counts[outcome] += 1
                if outcome == "passed":
                    continue
                # What beside the mount is no better is not our doing.
                bare, _ = self.finish(self.stress(name, self.bare))
                if bare != outcome and name not in FUSE_CANNOT:
                    differences[name] = outcome, bare, output
        print(f"# stressors: {dict(counts)}")
        self.assertEqual(differences, {})

    def stress(self, name, folder):
        return subprocess.Popen(
            ["stress-ng", "--temp-path", folder, "--verify", "--timeout",
             str(self.STRESS_SECONDS), f"--{name}", "1", *STRESSORS[name]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def finish(self, process):
        output, _ = process.communicate(timeout=PATIENCE)
        if process.returncode in (3, 4) or "skipp" in output:
            return "not possible here", output  # by the words of stress-ng(1)
        return ("failed" if process.returncode else "passed"), output

    def test_fio(self):
        self.need("fio")
        ran = 0
        for engine, more in (
                ("psync", ()), ("psync", ("--fsync=16",)), ("mmap", ()),
                ("libaio", ("--iodepth=8",)),
                ("libaio", ("--iodepth=8", "--direct=1"))):
            for pattern in ("write", "randwrite", "randrw"):
                done = long_run(
                    "fio", "--name=job", f"--directory={self.mnt}",
                    f"--ioengine={engine}", f"--rw={pattern}", "--bs=8k",
                    "--size=4m", "--verify=crc32c", "--do_verify=1",
                    "--verify_fatal=1", "--verify_state_save=0",
                    "--fallocate=none", "--thread",
                    "--unlink=1", *more, timeout_s=PATIENCE)
                self.assertEqual(done.returncode, 0, (engine, pattern, more,
                                                      done.stdout))
                self.assertRegex(done.stdout, r"err= 0")
                ran += 1
        print(f"# {ran} jobs")


if __name__ == "__main__":
    tap.main(judged.needs())
