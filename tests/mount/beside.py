# SPDX-License-Identifier: Apache-2.0
"""Runs real programs on a mount and on a plain folder beside it."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import time
import xml.etree.ElementTree

import judged

# The python that the testsuite package of the distribution belongs to.
PYTHON = "/usr/bin/python3"
USER, GROUP = 1234, 2345


class Beside(judged.Judged):
    """A mount on which new files can be used, and a plain folder."""

    def setUp(self):
        super().setUp()
        self.bare = os.path.join(self.base, "bare")
        os.mkdir(self.bare)

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f"needs {program}")

    def both(self, work):
        """Returns what work(folder) does; it must agree on mount and folder.

        Paths in texts that it returns have to be relative.
        """
        outcomes, seconds = [], []
        for parent in (self.mnt, self.bare):
            folder = os.path.join(parent, "work")
            os.mkdir(folder)
            before = time.monotonic()
            outcomes.append(work(folder))
            seconds.append(time.monotonic() - before)
        print(f"# {self.id().rpartition('.')[2]}: {seconds[0]:.1f} s on the "
              f"mount, {seconds[1]:.1f} s beside it")
        self.maxDiff = None
        self.assertEqual(*outcomes)
        return outcomes[0]


class Logged:
    """Every open is judged, what would be denied is recorded."""
    OPTIONS = ("--mode", "log")


class Unjudged:
    """No rule speaks of these users, so nothing that they do is judged."""

    def setUp(self):
        self.policy = None
        super().setUp()

    def options(self):
        if not self.policy:
            self.policy = os.path.join(self.base, "policy")
            judged.write(self.policy, "appraise func=DIGEST_LIST_CHECK\n"
                         "appraise func=FILE_CHECK uid=4242\n")
        return [*super().options(), "--policy", self.policy]


def long_run(*command, timeout_s, **options):
    """Runs a command that may take longer than judged.run allows."""
    return subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=timeout_s, check=False,
                          **options)


def snapshot(top, times=True):
    """Returns all that can be seen of the tree below top."""
    found, numbers = {}, {}
    for folder, folders, files in os.walk(top):
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            info = os.lstat(path)
            entry = {"mode": oct(info.st_mode), "owner": info.st_uid,
                     "group": info.st_gid, "links": info.st_nlink,
                     "rdev": info.st_rdev}
            if times:
                entry["mtime"] = info.st_mtime_ns
            if not stat.S_ISDIR(info.st_mode):
                entry["size"] = info.st_size
            entry["xattrs"] = {
                n: os.getxattr(path, n, follow_symlinks=False)
                for n in sorted(os.listxattr(path, follow_symlinks=False))}
            if stat.S_ISLNK(info.st_mode):
                entry["target"] = os.readlink(path)
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    entry["content"] = hashlib.sha256(file.read()).hexdigest()
                entry["blocks"] = info.st_blocks
                entry["same as"] = numbers.setdefault(
                    info.st_ino, os.path.relpath(path, top))
            found[os.path.relpath(path, top)] = entry
    return found


def python_tests(modules, folders, timeout_s, options=(), user=USER):
    """Runs modules of python's own tests in each of the folders at once.

    Returns for each folder a dictionary of outcomes by test.
    """
    running = []
    for folder in folders:
        where = os.path.join(folder, "python")
        os.mkdir(where)
        os.chown(where, user, GROUP)
        results = where + ".xml"
        with open(results, "wb"):
            os.chown(results, user, GROUP)
        output = open(where + ".out", "w", encoding="utf-8")
        environment = {"PATH": "/usr/bin:/bin", "TMPDIR": where,
                       "HOME": where, "LANG": "C.UTF-8",
                       "PYTHONDONTWRITEBYTECODE": "1"}
        running.append((subprocess.Popen(
            [PYTHON, "-m", "test", "--tempdir", where, "--junit-xml",
             results, *options, *modules], cwd=where, user=user, group=GROUP,
            extra_groups=[], env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True), results, output))
    outcomes = []
    deadline = time.monotonic() + timeout_s
    try:
        for process, results, output in running:
            process.wait(max(1, deadline - time.monotonic()))
            outcomes.append(read_results(results))
    finally:
        for process, _, output in running:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.wait()
            output.close()
    return outcomes


def read_results(path):
    if not os.path.getsize(path):
        with open(path[:-4] + ".out", encoding="utf-8") as output:
            raise AssertionError("no results: " + output.read()[-4000:])
    outcomes = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error",
                                                 "skipped"}
        if case.get("result") == "skipped":
            kinds.add("skipped")
        # Some names hold an address or a temporary path.
        name = re.sub(r"0x[0-9a-f]+|/tmp/\S+", "?", case.get("name"))
        outcomes[name] = min(kinds, default="passed")
    return outcomes
