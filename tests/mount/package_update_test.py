#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packages that come and go while their files are judged, killed at any point.
"""

import itertools
import os
import re
import shutil
import signal
import subprocess

import foo_packages
import judged
import tap
from foo_packages import PROGRAMS, Made, setUpModule, tearDownModule
from judged import ASSAYFS, assayfs, read, run, wait_until, write
from packages import rpm

PLUGINS = os.path.join(os.path.dirname(__file__), "../../plugins/dnf")


class UnderEnforcement(judged.Judged):
    """The root is mounted read-only; its programs and libraries are judged."""

    OPTIONS = ("-o", "ro", "--policy", "exec")
    MOUNT = False

    def setUp(self):
        super().setUp()
        run("cp", "-a", Made.root + "/.", self.tree)
        os.unlink(self.below("scriptlets"))
        assayfs("lists", "gen", "-o", self.lists, f"rpmdb:{self.tree}")
        self.make_list("tlv-root", self.below("bin"), *(
            path for path in (self.below("lib"), self.below("lib64"),
                              self.below("usr/lib"))
            if os.path.isdir(path)))
        # What was installed before, and is not there any more after an update.
        shutil.copy(self.below("usr/bin/foo"), self.below("old"))
        self.revoked = os.path.join(self.base, "revoked")
        write(self.revoked, "")
        self.mount()

    def options(self):
        return [*super().options(), "--keys", Made.maker.key, "--revoked",
                self.revoked]

    def command(self, *words):
        return [ASSAYFS, "update", self.mnt, "--control", self.control, "--",
                *words]

    def rpm_words(self, *words):
        return ("rpm", "--root", self.mnt, "--dbpath", "/var/lib/rpm",
                "--nodeps", *words)

    def rpm(self, *words, check=True):
        return run(*self.command(*self.rpm_words(*words)), check=check)

    def upgrade(self, check=True):
        return self.rpm("-U", Made.path("foo-2"), check=check)

    def says(self, name):
        """Runs a program of the mount; returns its output, None if denied."""
        try:
            return run(self.at(name)).stdout.strip()
        except PermissionError:
            return None

    def assertPrograms(self, version):
        for name in PROGRAMS:
            self.assertEqual(self.says("usr/bin/" + name),
                             f"{name} {version}")

    def scriptlets(self):
        return read(self.below("scriptlets")).decode().splitlines()


class TransactionTest(UnderEnforcement):
    def test_upgrade(self):
        self.assertEqual(self.says("old"), "foo 1")
        self.upgrade()
        self.assertPrograms("2")
        self.assertIsNone(self.says("old"))
        self.assertEqual(self.scriptlets(),
                         ["pre 2", "foo 2", "foo-1 1", "foo-two 2"])

    def test_install_downgrade_and_erase(self):
        self.rpm("-e", "foo")
        self.assertEqual(self.says("usr/bin/bar"), "bar 1")
        self.assertIsNone(self.says("old"))
        self.assertNotIn("rpm-foo-1-1.x86_64", os.listdir(self.lists))
        self.rpm("-i", Made.path("foo-2"))
        self.assertPrograms("2")
        self.rpm("-U", "--oldpackage", Made.path("foo-1"))
        self.assertPrograms("1")
        self.assertEqual(self.says("old"), "foo 1")
        self.assertNotIn("denied", " ".join(self.scriptlets()))

    def test_reinstall_of_another_build(self):
        self.upgrade()
        self.rpm("-U", "--replacepkgs", Made.path("foo-2-again"))
        self.assertPrograms("2 again")

    def test_a_package_that_is_not_signed_is_not_installed(self):
        done = self.rpm("-U", Made.path("unsigned"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unsigned.rpm: unsigned", done.stderr)
        self.assertPrograms("1")

    def test_a_package_that_is_revoked_is_not_installed(self):
        write(self.revoked, "package foo = 2\n")
        done = self.upgrade(check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('foo-2.rpm: revoked: by "package foo = 2"', done.stderr)
        self.assertPrograms("1")

    def test_what_fails_takes_nothing_away(self):
        done = run(*self.command("false", Made.path("foo-2")), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "it failed; .*: assayfs lists update "
                         f"--end --id update-[0-9-]+ --lists {self.lists}\n")
        self.assertEqual(self.says("old"), "foo 1")
        self.upgrade()
        self.assertIsNone(self.says("old"))

    def test_what_another_database_gets_is_not_taken_away(self):
        done = run(*self.command("true", Made.path("foo-2")))
        self.assertIn("the RPM database has none of the packages", done.stderr)
        self.assertIn("rpm-foo-2-1.x86_64", os.listdir(self.lists))

    def test_without_a_folder_of_lists_it_just_runs(self):
        self.unmount()
        rest = os.path.join(self.base, "rest")
        os.rename(self.lists, rest)
        self.lists = os.path.join(rest, "tlv-root")
        self.mount()
        done = run(*self.command("echo", Made.path("foo-2")))
        self.assertIn("the mount takes lists from no folder", done.stderr)
        self.assertEqual(done.stdout, Made.path("foo-2") + "\n")

    def test_nothing_is_left_of_an_update_that_does_not_start(self):
        with subprocess.Popen(self.command("sleep", "1000")) as other:
            self.addCleanup(other.kill)
            wait_until(lambda: self.status()["update_running"])
            done = self.rpm("-U", Made.path("foo-2"), check=False)
            other.terminate()
        self.assertEqual(done.returncode, 3)
        self.assertIn("another update is running", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertNotIn("rpm-foo-2-1.x86_64", os.listdir(self.lists))


class DnfTest(UnderEnforcement):
    """Transactions of dnf, with the plugin, from a repository."""

    def setUp(self):
        for program in ("dnf", "createrepo_c"):
            if not shutil.which(program):
                self.skipTest("needs " + program)
        if not run("dnf", "--version").stdout.startswith("4."):
            self.skipTest("the plugin is one of dnf 4")
        judged.look_for_no_leaks(self)  # dnf changes its root
        super().setUp()
        for name in ("bin", "repository"):
            os.mkdir(os.path.join(self.base, name))
        os.symlink(ASSAYFS, os.path.join(self.base, "bin/assayfs"))
        # Debian's librpm keeps its database in the home of the user.
        write(os.path.join(self.base, ".rpmmacros"), "%_dbpath /var/lib/rpm\n")
        write(os.path.join(self.base, "assayfs.conf"),
              f"[main]\nroot = {self.mnt}\nlists = {self.lists}\n"
              f"keys = {Made.maker.key}\nrevoked = {self.revoked}\n")
        write(os.path.join(self.base, "dnf.conf"), f"""
[main]
pluginpath={PLUGINS}
pluginconfpath={self.base}
cachedir={self.base}/cache
logdir={self.base}/log
persistdir={self.base}/persist
reposdir={self.base}/none
varsdir={self.base}/none
gpgcheck=0
[test]
name=test
baseurl=file://{self.base}/repository
""")

    def dnf(self, *words, check=True):
        return run(*self.command(
            "dnf", "-y", "--config", os.path.join(self.base, "dnf.conf"),
            "--installroot", self.mnt, "--releasever", "1", *words),
            check=check, env={
                **os.environ, "HOME": self.base,
                "PATH": f"{self.base}/bin:{os.environ['PATH']}"})

    def offer(self, name):
        repository = os.path.join(self.base, "repository")
        shutil.copy(Made.path(name), repository)
        run("createrepo_c", repository)

    def assertLists(self, *names):
        self.assertEqual(
            set(os.listdir(self.lists)),
            {f"rpm-{name}-1.x86_64" for name in names} |
            {"tlv-base", "tlv-root"})

    def test_upgrade_and_remove(self):
        self.offer("foo-2")
        self.dnf("upgrade")
        self.assertPrograms("2")
        self.assertIsNone(self.says("old"))
        self.assertIn("foo-two 2", self.scriptlets())
        self.assertNotIn("denied", " ".join(self.scriptlets()))
        self.assertLists("bar-1", "foo-2")
        self.dnf("remove", "bar")
        self.assertLists("foo-2")

    def test_another_root_is_left_alone(self):
        write(os.path.join(self.base, "assayfs.conf"),
              f"[main]\nlists = {self.lists}\nkeys = {Made.maker.key}\n")
        self.offer("unsigned")
        self.dnf("upgrade")
        self.assertIsNone(self.says("usr/bin/foo"))
        self.assertLists("bar-1")  # of foo-1 `update` knew that it went

    def test_nothing_is_installed_of_what_is_not_signed(self):
        self.offer("unsigned")
        done = self.dnf("upgrade", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unsigned.rpm: unsigned", done.stderr)
        self.assertPrograms("1")
        self.assertLists("bar-1", "foo-1")

    def test_nothing_is_installed_of_what_is_revoked(self):
        write(self.revoked, "package foo = 2\n")
        self.offer("foo-2")
        done = self.dnf("upgrade", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('foo-2.rpm: revoked: by "package foo = 2"', done.stderr)
        self.assertPrograms("1")


class KilledTest(UnderEnforcement):
    """rpm is stopped short at each file that it renames or removes."""

    UPGRADE = ("-U", "foo-2.rpm")

    def setUp(self):
        if not shutil.which("strace"):
            self.skipTest("needs strace")
        judged.look_for_no_leaks(self)
        super().setUp()
        self.trace = os.path.join(self.base, "trace")

    def traced(self, signal_name, number, *words):
        """Returns the command in which rpm gets a signal."""
        self.put_away_what_rpm_left()
        words = [os.path.join(Made.maker.rpms, word) if word.endswith(".rpm")
                 else word for word in words]
        return self.command(
            "strace", "-f", "-qq", "-o", self.trace, "-e",
            f"inject=/^(rename|unlink):signal={signal_name}:when={number}",
            *self.rpm_words(*words))

    def put_away_what_rpm_left(self):
        """The names of files that are not whole hold only the second in which
        rpm began, so those of the next one could be the same."""
        folder = self.below("usr/bin")
        for name in os.listdir(folder):
            if ";" in name:
                os.unlink(os.path.join(folder, name))

    def settle(self):
        run(ASSAYFS, "lists", "update", "--end", "--all", "--lists",
            self.lists, check=False)

    def go_back_to(self, name):
        """Puts the tree and the lists back, with package foo in a version."""
        self.settle()
        self.put_away_what_rpm_left()
        Made.install(self.tree, name)
        assayfs("lists", "gen", "-o", self.lists, f"rpmdb:{self.tree}")

    def kill_at_each_file(self, first, *words):
        """Yields after each kill; stops when rpm came to its end."""
        for number in itertools.count(1):
            self.go_back_to(first)
            done = run(*self.traced("KILL", number, *words), check=False)
            if done.returncode == 0:
                self.assertGreater(number, 4)
                return
            yield number

    def assertKnown(self, *versions):
        """Programs that are there may be run, and are of one of the versions.
        """
        for name in PROGRAMS:
            if os.path.exists(self.below("usr/bin/" + name)):
                self.assertIn(self.says("usr/bin/" + name),
                              [f"{name} {version}" for version in versions])

    def test_upgrades(self):
        for number in self.kill_at_each_file("foo-1", *self.UPGRADE):
            self.assertKnown(1, 2)
            self.assertEqual(self.says("old"), "foo 1")
            if number % 3 == 0:
                self.put_away_what_rpm_left()
                self.upgrade()
                self.assertPrograms("2")
        self.assertPrograms("2")

    def test_downgrades(self):
        for _ in self.kill_at_each_file("foo-2", "-U", "--oldpackage",
                                        "foo-1.rpm"):
            self.assertKnown(1, 2)
        self.assertPrograms("1")

    def test_installs_and_erasures(self):
        rpm(self.tree, "-e", "foo")
        for _ in self.kill_at_each_file("bar-1", "-i", "foo-1.rpm"):
            self.assertKnown(1)
            rpm(self.tree, "-e", "foo", check=False)
        self.assertPrograms("1")
        for _ in self.kill_at_each_file("foo-1", "-e", "foo"):
            self.assertKnown(1)
        self.assertNotIn("rpm-foo-1-1.x86_64", os.listdir(self.lists))

    def test_the_daemon_is_killed(self):
        for number in (1, 2, 4):
            self.go_back_to("foo-1")
            write(self.trace, "")
            words = self.traced("STOP", number, *self.UPGRADE)
            update = subprocess.Popen(words, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
            self.addCleanup(update.kill)
            rpm_pid = self.stopped_rpm()
            self.daemon.kill()
            self.daemon.wait()
            os.kill(rpm_pid, signal.SIGCONT)
            self.assertNotEqual(update.wait(judged.PATIENCE), 0)
            self.unmount()
            self.mount()
            self.assertKnown(1, 2)
            self.assertEqual(self.says("old"), "foo 1")
        self.go_back_to("foo-1")
        self.upgrade()
        self.assertPrograms("2")
        self.assertIsNone(self.says("old"))

    def stopped_rpm(self):
        """Waits until strace tells of it; returns the number of the process."""
        def found():
            return re.search(r"^(\d+) +--- stopped by SIGSTOP ---",
                             read(self.trace).decode(), re.MULTILINE)
        wait_until(found)
        return int(found()[1])


if __name__ == "__main__":
    tap.main(foo_packages.needs())
