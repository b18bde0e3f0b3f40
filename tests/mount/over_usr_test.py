#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mount covers the /usr of this machine, in a namespace of its own.

Nothing of it is seen outside. Files that are made below /usr are in one
folder, which is removed in the end.
"""

import ctypes
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest.mock

import askers
import judged
import tap
import tpm_test
from judged import PATIENCE, assayfs, read, run, write

INSIDE = "ASSAYFS_TEST_INSIDE"
LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2
LISTS_TIMEOUT_S = 1200
# Above what the daemon needs at rest.
SPARE_BYTES = 48 << 20
DIRTY_BYTES = 64 << 20

DIRTY_WRITER = """
import mmap, os, random, sys
random.seed(1)
with open(sys.argv[1], "w+b") as file:
    size = int(sys.argv[2])
    file.truncate(size)
    with mmap.mmap(file.fileno(), size) as memory:
        for turn in range(3):
            for page in range(0, size, 4096):
                memory[page:page + 8] = (page + turn).to_bytes(8, "little")
            if turn == 1:
                memory.flush()
        memory.flush()
    os.fsync(file.fileno())
    for page in random.sample(range(0, size, 4096), 500):
        found = int.from_bytes(os.pread(file.fileno(), 8, page), "little")
        assert found == page + 2, (page, found)
"""


@functools.cache
def list_of_usr():
    """Makes the signed list of /usr once in a run; returns its path."""
    folder = tempfile.TemporaryDirectory(prefix="assayfs-usr-")
    list_of_usr.folder = folder  # removed when the program ends
    key, cert = judged.signing_key()
    before = time.monotonic()
    done = subprocess.run(
        [judged.ASSAYFS, "lists", "gen", "--format", "tlv", "--name", "usr",
         "--root", "/", "-o", folder.name, "/usr"], capture_output=True,
        text=True, timeout=LISTS_TIMEOUT_S, check=True)
    path = os.path.join(folder.name, "tlv-usr")
    assayfs("lists", "sign", "--key", key, "--cert", cert, path)
    print(f"# the list of /usr took {time.monotonic() - before:.0f} s: "
          f"{done.stderr.strip() or done.stdout.strip()}")
    return path


class Group:
    """A control group of its own that limits memory, below our own group."""

    def __init__(self):
        lines = read("/proc/self/cgroup").decode().splitlines()
        self.path, self.limit, self.usage = None, None, None
        for line in lines:
            _, controllers, own = line.split(":", 2)
            if "memory" in controllers.split(","):
                top = "/sys/fs/cgroup/memory"
                self.limit, self.usage = ("memory.limit_in_bytes",
                                          "memory.usage_in_bytes")
            elif not controllers and not self.path:
                top = "/sys/fs/cgroup"
                self.limit, self.usage = "memory.max", "memory.current"
            else:
                continue
            for parent in (top + own, top):
                path = os.path.join(parent, f"assayfs-test-{os.getpid()}")
                try:
                    os.mkdir(path)
                except OSError:
                    continue
                if os.path.exists(os.path.join(path, self.limit)):
                    self.path = path
                    break
                os.rmdir(path)
            if self.path and controllers:
                break

    def set(self, name, value):
        write(os.path.join(self.path, name), str(value))

    def get(self, name):
        return int(read(os.path.join(self.path, name)))

    def remove(self):
        for _ in range(1000):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.01)


class OverUsr(tpm_test.WithTpm):
    """Starts a mount over /usr with a software TPM, if there is one."""
    FILES = {"seed": "a list must not be empty\n"}

    def setUp(self):
        listed = list_of_usr()
        if shutil.which("swtpm"):
            super().setUp()
        else:
            judged.Judged.setUp(self)
            self.tcti = None
        shutil.copy(listed, os.path.join(self.lists, "tlv-usr"))
        self.tree = self.mnt = "/usr"
        self.scratch = tempfile.mkdtemp(prefix="assayfs-test-",
                                        dir="/usr/local")
        os.chmod(self.scratch, 0o755)
        self.addCleanup(shutil.rmtree, self.scratch)

    def unmount(self, point=None):
        """Stops the daemon; with no program, should it have died."""
        if self.daemon.poll() not in (None, 0):
            LIBC.umount2(b"/usr", MNT_DETACH)
        super().unmount(point)

    def options(self):
        if self.tcti:
            return super().options()
        return judged.Judged.options(self)

    def alien(self):
        """Puts a program that no list knows below /usr; returns its path."""
        path = os.path.join(self.scratch, "alien")
        shutil.copy(os.path.realpath(shutil.which("true")), path)
        with open(path, "ab") as file:
            file.write(os.urandom(16))
        return path

    def refused(self, path):
        with self.assertRaises(PermissionError):
            subprocess.run([path], check=False)
        self.assertDenied(path)


class WorkTest(OverUsr):
    """What a user does on such a machine."""

    def commands(self):
        """Returns commands whose output must be the same with the mount."""
        source = os.path.join(self.base, "hello.cc")
        write(source, "#include <iostream>\n#include <map>\nint main() { "
                      "std::map<int, int> m{{1, 2}}; "
                      "std::cout << m[1] << std::endl; }\n")
        program = os.path.join(self.base, "hello")
        wanted = {
            "bash": ["bash", "-c", "for f in /usr/bin/b*; do echo $f; done | "
                     "sort | sha256sum; awk 'BEGIN{print 1+1}'"],
            "g++": ["g++", "-O1", "-o", program, source],
            "its program": [program],
            "python3": ["/usr/bin/python3", "-c",
                        "import json, ssl, sqlite3, email, xml.dom.minidom; "
                        "print(json.dumps(ssl.OPENSSL_VERSION))"],
            "perl": ["perl", "-MPOSIX", "-MFile::Find", "-MEncode", "-e",
                     "print POSIX::floor(2.5), Encode::encode('UTF-8', "
                     "chr 252)"],
            "apt-cache": ["apt-cache", "policy", "bash", "coreutils"],
            "dpkg -V": ["dpkg", "-V", "bash", "coreutils", "libc6"],
            "dpkg -l": ["bash", "-c", "dpkg -l | sha256sum"],
            "rpm": ["rpm", "-q", "-f", "/usr/bin/bash"],
            "git": ["git", "--version"],
            "find": ["bash", "-c", "find /usr/bin /usr/lib/python3 -printf "
                     "'%p %m %u %g %n %s %T@ %l\\n' | sort | sha256sum"],
        }
        return {name: command for name, command in wanted.items()
                if name == "its program" or shutil.which(command[0])}

    def outputs(self, commands):
        seen, seconds = {}, {}
        for name, command in commands.items():
            before = time.monotonic()
            done = subprocess.run(command, capture_output=True, check=False,
                                  timeout=PATIENCE)
            seconds[name] = time.monotonic() - before
            seen[name] = done.returncode, done.stdout, done.stderr
        return seen, seconds

    def test_programs_give_the_same_output(self):
        commands = self.commands()
        expected, bare = self.outputs(commands)
        device = os.stat("/usr/bin/bash").st_dev
        before = time.monotonic()
        self.mount()
        print(f"# mounted in {time.monotonic() - before:.1f} s")
        self.assertNotEqual(os.stat("/usr/bin/bash").st_dev, device)
        found, cold = self.outputs(commands)
        _, warm = self.outputs(commands)
        self.maxDiff = None
        self.assertEqual(found, expected)
        for name in commands:
            print(f"# {name}: {bare[name]:.2f} s bare, {cold[name]:.2f} s at "
                  f"first, {warm[name]:.2f} s then")
        self.assertEqual(found["g++"][0], 0)
        self.refused(self.alien())
        verdicts = self.status()["verdicts"]
        print(f"# {verdicts}")
        self.assertGreater(verdicts["allowed"], 500)
        self.assertEqual(verdicts["denied"], 2)
        self.unmount()
        self.assertEqual(os.stat("/usr/bin/bash").st_dev, device)


class NoRequestOnItselfTest(OverUsr):
    def test_the_daemon_causes_no_request_from_start_to_end(self):
        watch = askers.Askers(self)
        self.mount()
        watch.note_threads(self.daemon.pid)
        self.use_everything()
        watch.note_threads(self.daemon.pid)
        self.unmount()
        who, own = watch.result()
        print(f"# {len(who)} requests, {len(own)} by the daemon itself")
        self.assertGreater(len(who), 100)
        self.assertEqual(own, [])

    def use_everything(self):
        """Opens, denials, list changes, TPM work, reload, status and why."""
        run("/usr/bin/python3", "-c", "import json")
        alien = self.alien()
        for _ in range(3):
            self.refused(alien)
        more = os.path.join(self.base, "more")
        write(more, "more")
        here = self.tree
        self.tree = self.base
        self.make_list("tlv-more", more)  # loaded, measured, extended
        self.tree = here
        assayfs("reload", "/usr")
        if self.tcti:
            self.assertEqual(self.status()["tpm"]["state"], "anchored")
        os.unlink(os.path.join(self.lists, "tlv-more"))
        write(os.path.join(self.lists, "tlv-bad"), "bad")
        assayfs("reload", "/usr")
        done = assayfs("why", "--json", alien, check=False)
        self.assertEqual(json.loads(done.stdout)["verdict"], "deny")
        assayfs("why", "/usr/bin/bash")
        self.assertEqual(self.status()["lists"]["loaded"], 2)


class PressureTest(OverUsr):
    def test_the_daemon_works_on_with_little_memory(self):
        group = Group()
        if not group.path:
            self.skipTest("needs a control group for memory")
        self.addCleanup(group.remove)
        wrapper = os.path.join(self.base, "limited-assayfs")
        program = os.path.abspath(shutil.which(judged.ASSAYFS))
        write(wrapper, f"#!/bin/sh\necho $$ >'{group.path}/cgroup.procs'\n"
                       f"exec '{program}' \"$@\"\n")
        os.chmod(wrapper, 0o755)
        with unittest.mock.patch.object(judged, "ASSAYFS", wrapper):
            self.mount()
        rest = self.resident_bytes()
        group.set(group.limit, rest + SPARE_BYTES)
        files = os.path.join(self.base, "files")
        run("bash", "-c", "find /usr/lib /usr/share -xdev -type f -size -4M "
            f"-print0 | head -z -n 4000 >'{files}'")
        before = time.monotonic()
        users = [subprocess.Popen(
            ["bash", "-c", f"xargs -0 cat <'{files}' | wc -c"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)]
        for number in range(2):
            users.append(subprocess.Popen(
                [sys.executable, "-c", DIRTY_WRITER,
                 os.path.join(self.scratch, f"dirty{number}"),
                 str(DIRTY_BYTES)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        answers = []
        try:
            for user in users:
                answers.append((*user.communicate(timeout=PATIENCE),
                                user.returncode))
        except subprocess.TimeoutExpired:
            self.daemon.kill()  # frees those who wait for it
            self.fail(f"no end after {PATIENCE} s; so far {answers}")
        finally:
            for user in users:
                user.kill()
        self.assertIsNone(self.daemon.poll(), "killed for want of memory")
        print(f"# {rest >> 20} MiB at rest, {SPARE_BYTES >> 20} MiB more "
              f"allowed; {int(answers[0][0]) >> 20} MiB read and "
              f"{2 * DIRTY_BYTES >> 20} MiB written in "
              f"{time.monotonic() - before:.1f} s; "
              f"{self.resident_bytes('VmHWM') >> 20} MiB at most")
        for answer in answers:
            self.assertEqual(answer[1:], ("", 0))

    def resident_bytes(self, line="VmRSS"):
        status = read(f"/proc/{self.daemon.pid}/status").decode()
        return int(re.search(line + r":\s+(\d+) kB", status)[1]) << 10


def main():
    needs = judged.needs()
    if not needs and not shutil.which("unshare"):
        needs = "needs unshare"
    if not needs and INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [
            "unshare", "-m", "--propagation", "private", sys.executable,
            *sys.argv])
    tap.main(needs)


if __name__ == "__main__":
    main()
