#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A tree that users see read-only, changed by a command that may write to it."""

import mmap
import os
import signal
import socket
import subprocess
import sys

import judged
import tap
from judged import ASSAYFS, PATIENCE, assayfs, read, run, wait_until, write

MORE = "more data, longer than before\n"

# Answers each line that it reads, so that a test can act in between.
STEPS = """
import os, sys
for line in sys.stdin:
    try:
        answer = eval(line)
    except OSError as error:
        answer = error.errno
    print(repr(answer), flush=True)
"""


class Update(judged.Judged):
    OPTIONS = ("-o", "ro")
    FILES = {**judged.Judged.FILES, "spare/more": MORE, "spare/new": "new\n"}

    def update(self, *command, check=True):
        return assayfs("update", self.mnt, "--control", self.control, "--",
                       *command, check=check)

    def steps(self):
        """Starts an interpreter inside, and returns what evaluates in it."""
        inside = subprocess.Popen(
            [ASSAYFS, "update", self.mnt, "--control", self.control, "--",
             sys.executable, "-c", STEPS], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(inside.wait, PATIENCE)
        self.addCleanup(inside.stdout.close)
        self.addCleanup(inside.stdin.close)

        def evaluate(text):
            inside.stdin.write(text + "\n")
            inside.stdin.flush()
            return eval(inside.stdout.readline())
        return evaluate


class CommandTest(Update):
    def test_it_may_write_and_others_may_not(self):
        with self.assertRaises(OSError):
            write(self.at("data"), MORE)
        self.update("cp", self.at("spare/more"), self.at("data"))
        self.assertReads(self.at("data"), MORE)
        self.assertEqual(read(os.path.join(self.tree, "data")), MORE.encode())
        with self.assertRaises(OSError):
            write(self.at("data"), "data\n")

    def test_its_status_is_passed_on(self):
        self.assertEqual(self.update("sh", "-c", "exit 7",
                                     check=False).returncode, 7)
        self.assertEqual(self.update("sh", "-c", "kill -TERM $$",
                                     check=False).returncode,
                         128 + signal.SIGTERM)
        self.assertEqual(self.update("no-such-command",
                                     check=False).returncode, 127)
        self.assertEqual(self.update(self.base, check=False).returncode, 126)

    def test_what_it_uses_is_judged(self):
        write(os.path.join(self.tree, "alien"), "#!/bin/sh\necho alien\n")
        os.chmod(os.path.join(self.tree, "alien"), 0o755)
        wait_until(lambda: os.path.exists(self.at("alien")))
        done = self.update("cat", self.at("alien"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Permission denied", done.stderr)
        self.assertEqual(self.update(self.at("bin/hello")).stdout, "hello\n")

    def test_it_starts_in_the_folder_where_it_was_called(self):
        done = assayfs("update", self.mnt, "--control", self.control, "--",
                       "sh", "-c", "pwd; rm data", cwd=self.mnt)
        self.assertEqual(done.stdout.strip(), self.mnt)
        self.assertFalse(os.path.exists(self.at("data")))

    def test_nothing_stays_mounted(self):
        self.update("true")
        wait_until(lambda: not self.status()["update_running"])
        self.assertEqual(
            sum(self.mnt in line for line in open("/proc/mounts")), 1)

    def test_status_tells_of_it(self):
        evaluate = self.steps()
        evaluate("1")
        self.assertTrue(self.status()["update_running"])
        self.assertIn("update    running",
                      assayfs("status", "--control", self.control,
                              self.mnt).stdout)

    def test_the_daemon_answers_inside_as_well(self):
        done = self.update(ASSAYFS, "status", "--control", self.control)
        self.assertEqual(done.stdout.count(self.mnt + "\n"), 1)
        self.assertIn("known", self.update(ASSAYFS, "why", "--control",
                                           self.control,
                                           self.at("data")).stdout)

    def test_a_daemon_of_another_user_is_not_asked(self):
        control = os.path.join(self.base, "other.sock")
        other = subprocess.Popen(
            [sys.executable, "-c", "import os, socket, sys\n"
             "s = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\n"
             "os.setuid(1234)\ns.listen()\nprint(flush=True)\n"
             "s.accept()[0].recv(1)\n", control], stdout=subprocess.PIPE)
        self.addCleanup(other.stdout.close)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        other.stdout.readline()
        done = assayfs("update", self.mnt, "--control", control, "--", "true",
                       check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("the daemon is of another user", done.stderr)

    def test_there_is_one_at_a_time(self):
        evaluate = self.steps()
        evaluate("1")
        done = self.update("true", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("another update is running", done.stderr)
        with self.assertRaises(SyntaxError):
            evaluate("os._exit(0)")  # answers nothing
        for _ in range(5):
            self.update("true")

    def test_the_end_of_the_daemon_ends_the_mount(self):
        evaluate = self.steps()
        self.assertEqual(evaluate(f"os.path.exists({self.at('data')!r})"),
                         True)
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(PATIENCE), 0)
        self.assertEqual(evaluate(f"open({self.at('data')!r})"), 107)


class SeenAtOnceTest(Update):
    """No wait, and no second try: the change was answered, so it is seen."""

    def setUp(self):
        super().setUp()
        self.evaluate = self.steps()
        self.evaluate("1")

    def test_content(self):
        data = self.at("data")
        for content in (MORE, "data\n", MORE):
            before = read(data)
            self.evaluate(f"open({data!r}, 'w').write({content!r})")
            self.assertReads(data, content)
            self.assertEqual(os.stat(data).st_size, len(content))
            self.assertNotEqual(before, content.encode())

    def test_content_that_is_held_open_and_mapped(self):
        with open(self.at("data"), "rb", buffering=0) as file, \
                mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as memory:
            self.assertEqual(memory[:5], b"data\n")
            self.evaluate(f"open({self.at('data')!r}, 'w').write({MORE!r})")
            self.assertEqual(os.pread(file.fileno(), 100, 0), MORE.encode())
            self.assertEqual(memory[:5], MORE.encode()[:5])

    def test_what_was_replaced_stays_for_those_who_have_it_open(self):
        for work in ("os.rename({0!r}, {1!r})", "os.unlink({1!r})"):
            with open(self.at("data"), "rb", buffering=0) as file:
                before = file.read()
                self.evaluate(work.format(self.at("spare/new"),
                                          self.at("data")))
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                self.assertEqual(os.pread(file.fileno(), 100, 0), before)

    def test_what_is_being_written_is_not_read(self):
        read(self.at("data"))
        self.evaluate(f"(f := open({self.at('data')!r}, 'r+'), 1)[1]")
        self.assertDenied(self.at("data"))
        self.evaluate("f.close()")
        self.assertReads(self.at("data"), "data\n")

    def test_names(self):
        at = self.at
        for path in ("new", "link", "folder", "moved"):
            self.assertFalse(os.path.exists(at(path)))
        names = sorted(os.listdir(self.mnt))
        self.evaluate(f"open({at('new')!r}, 'w').write('new\\n')")
        self.assertReads(at("new"), "new\n")
        self.evaluate(f"os.symlink('new', {at('link')!r})")
        self.assertReads(at("link"), "new\n")
        self.evaluate(f"os.mkdir({at('folder')!r})")
        self.assertEqual(os.listdir(at("folder")), [])
        self.assertEqual(sorted(os.listdir(self.mnt)),
                         sorted([*names, "new", "link", "folder"]))
        self.evaluate(f"os.rename({at('new')!r}, {at('folder/moved')!r})")
        self.assertReads(at("folder/moved"), "new\n")
        self.assertEqual(os.listdir(at("folder")), ["moved"])
        self.assertFalse(os.path.exists(at("new")))
        self.evaluate(f"os.rename({at('folder/moved')!r}, {at('data')!r})")
        self.assertReads(at("data"), "new\n")
        self.evaluate(f"os.rmdir({at('folder')!r})")
        self.evaluate(f"os.unlink({at('link')!r})")
        self.assertEqual(sorted(os.listdir(self.mnt)), names)

    def test_attributes(self):
        data = self.at("data")
        read(data)
        os.stat(data)
        self.evaluate(f"os.chmod({data!r}, 0o640)")
        self.assertEqual(os.stat(data).st_mode & 0o777, 0o640)
        self.evaluate(f"os.chown({data!r}, 12, 34)")
        self.assertEqual(os.stat(data).st_uid, 12)
        self.evaluate(f"os.utime({data!r}, ns=(5, 6))")
        self.assertEqual(os.stat(data).st_mtime_ns, 6)
        self.evaluate(f"os.link({data!r}, {self.at('twin')!r})")
        self.assertEqual(os.stat(data).st_nlink, 2)
        self.evaluate(f"os.unlink({self.at('twin')!r})")
        self.assertEqual(os.stat(data).st_nlink, 1)
        self.evaluate(f"os.setxattr({data!r}, 'user.a', b'b')")
        self.assertEqual(os.getxattr(data, "user.a"), b"b")
        self.evaluate(f"os.removexattr({data!r}, 'user.a')")
        self.assertEqual(os.listxattr(data), [])
        self.evaluate(f"os.truncate({data!r}, 0)")
        self.assertEqual(os.stat(data).st_size, 0)
        write(os.path.join(self.tree, "data"), "data\n")
        self.assertReads(data, "data\n")


class RefusedTest(judged.Judged):
    MOUNT = False

    def refusal(self, *arguments, **options):
        done = assayfs("update", *arguments, check=False, **options)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.returncode, done.stderr

    def test_a_writable_mount(self):
        self.mount()
        status, error = self.refusal(self.mnt, "--control", self.control,
                                     "--", "true")
        self.assertEqual(status, 3)
        self.assertIn("the mount is writable", error)
        self.assertEqual(
            sum(self.mnt in line for line in open("/proc/mounts")), 1)

    def test_no_command(self):
        self.mount("-o", "ro")
        self.assertEqual(self.refusal(self.mnt)[0], 2)
        self.assertEqual(self.refusal(self.mnt, "--")[0], 2)

    def test_no_mount(self):
        status, error = self.refusal(self.mnt, "--", "true")
        self.assertEqual(status, 3)
        self.assertIn(self.mnt, error)

    def ask(self, descriptors):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.control)
            socket.send_fds(client, [b'{"verb": "update"}\n'], descriptors)
            return client.makefile().readline()

    def test_other_descriptors(self):
        self.mount("-o", "ro")
        self.assertIn("not a descriptor of /dev/fuse", self.ask([]))
        with open("/dev/null", "rb") as null:
            self.assertIn("not a descriptor of /dev/fuse",
                          self.ask([null.fileno()] * 3))
        # One that nobody mounted is good for nothing.
        with open("/dev/fuse", "r+b", buffering=0) as fuse:
            self.assertEqual(self.ask([fuse.fileno()]), '{"answer":{}}\n')
        judged.wait_until(lambda: "assayfs: update: " in self.stderr())
        judged.wait_until(lambda: not self.status()["update_running"])
        self.assertReads(self.at("data"), "data\n")

    def test_from_where_processes_have_other_numbers(self):
        self.mount("-o", "ro")
        done = run("unshare", "--pid", "--fork", ASSAYFS, "update", self.mnt,
                   "--control", self.control, "--", "true", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("PID namespace of the daemon", done.stderr)

    def test_a_user(self):
        self.mount("-o", "ro")
        os.chmod(self.base, 0o755)
        done = run("setpriv", "--reuid", "1234", "--clear-groups", ASSAYFS,
                   "update", self.mnt, "--", "true", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("only root", done.stderr)


if __name__ == "__main__":
    tap.main(judged.needs())
