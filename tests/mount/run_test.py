#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands inside a judged root file system."""

import os
import shutil
import signal
import subprocess

import judged
import tap
from judged import ASSAYFS, PATIENCE, assayfs, run


class RunTest(judged.Judged):
    MOUNT = False
    FILES = {"etc/name": "judged\n"}
    PROGRAMS = ("sh", "cat", "sleep", "id", "ls", "env")

    def setUp(self):
        judged.look_for_no_leaks(self)
        super().setUp()
        os.chmod(self.tree, 0o755)
        for name in ("proc", "dev", "tmp", "usr/bin", "usr/lib", "etc"):
            os.makedirs(self.below(name), exist_ok=True)
        for name in ("bin", "lib", "lib64"):
            target = "usr/lib" if name == "lib64" else "usr/" + name
            os.symlink(target, self.below(name))
        wanted = set()
        for program in self.PROGRAMS:
            path = os.path.realpath(shutil.which(program))
            shutil.copy(path, self.below("usr/bin/" + program))
            for word in run("ldd", path).stdout.split():
                if word.startswith("/"):
                    wanted.add(word)
        for library in wanted:
            target = self.tree + library
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.realpath(library), target)
        self.make_list("tlv-usr", self.below("usr"))

    def command(self, *arguments, options=()):
        return [ASSAYFS, "run", "--lists", self.lists, "--keys", self.cert,
                "--tpm", "off", "--log-file", self.log, *options, self.tree,
                "--", *arguments]

    def inside(self, *arguments, **options):
        return run(*self.command(*arguments), check=False, **options)

    def test_programs_run_and_their_status_is_passed_on(self):
        done = self.inside("sh", "-c", "echo hello | cat; exit 7")
        self.assertEqual((done.stdout, done.returncode), ("hello\n", 7),
                         done.stderr)

    def test_standard_input_reaches_the_command(self):
        self.assertEqual(self.inside("cat", input="text").stdout, "text")

    def test_alien_programs_are_refused(self):
        shutil.copy(shutil.which("true"), self.below("usr/bin/alien"))
        with open(self.below("usr/bin/alien"), "ab") as file:
            file.write(b"x")
        done = self.inside("sh", "-c", "alien; echo $?")
        self.assertEqual(done.stdout, "126\n", done.stderr)
        self.assertEqual(self.inside("alien").returncode, 126)

    def test_a_missing_command_is_127(self):
        self.assertEqual(self.inside("no-such-command").returncode, 127)

    def test_it_is_process_1_with_proc_dev_and_tmp(self):
        done = self.inside(
            "sh", "-c", "ls /proc/1/status /dev/null /dev/urandom && "
            "echo x >/tmp/x && cat /tmp/x && echo y >/dev/null && id -u")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith("x\n0\n"), done.stdout)
        self.assertEqual(os.listdir(self.below("tmp")), [])

    def test_signals_are_passed_on(self):
        child = subprocess.Popen(
            self.command("sh", "-c", "trap 'exit 9' TERM; echo ready; "
                         "while :; do sleep 0.1; done"),
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.assertEqual(child.stdout.readline(), "ready\n")
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(PATIENCE), 9)
        child.stdout.close()

    def test_a_command_ended_by_a_signal_gives_128_and_its_number(self):
        self.assertEqual(
            self.inside("sh", "-c", "kill -KILL $$").returncode, 128 + 9)

    def test_nothing_stays_mounted_outside(self):
        self.inside("sh", "-c", ":")
        with open("/proc/self/mountinfo", encoding="utf-8") as table:
            self.assertNotIn(self.base, table.read())

    def test_a_root_without_a_command_is_wrong_usage(self):
        self.assertEqual(assayfs("run", self.tree, check=False).returncode, 2)

    def test_a_root_that_is_missing(self):
        done = assayfs("run", "--lists", self.lists, "--keys", self.cert,
                       "--tpm", "off", "/no/root", "--", "sh", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count("\n"), 1)


class RootlessRunTest(RunTest):
    """The same as an ordinary user, in a user namespace."""
    USER = 54321

    def setUp(self):
        super().setUp()
        done = subprocess.run(["unshare", "--user", "--map-root-user", "true"],
                              user=self.USER, group=self.USER, check=False,
                              capture_output=True)
        if done.returncode != 0 or os.stat("/dev/fuse").st_mode & 6 != 6:
            self.skipTest("no user namespaces or /dev/fuse for users")
        run("chown", "-R", f"{self.USER}:{self.USER}", self.base)
        os.chmod(os.path.dirname(self.cert), 0o755)
        home = os.path.dirname(os.path.abspath(shutil.which(ASSAYFS)))
        probe = subprocess.run([shutil.which(ASSAYFS), "--version"],
                               user=self.USER, check=False,
                               capture_output=True)
        if probe.returncode != 0:
            self.skipTest(f"{home} is not open to other users")

    def command(self, *arguments, options=()):
        return ["setpriv", f"--reuid={self.USER}", f"--regid={self.USER}",
                "--clear-groups", *super().command(*arguments,
                                                   options=options)]


if __name__ == "__main__":
    tap.main(judged.needs())
