#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that take minutes, and those of programs_test.py unjudged."""

import os
import re
import shutil

import beside
import judged
import programs_test
import tap
from beside import PYTHON, long_run
from judged import run

TIMEOUT_S = 3000
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
# These look at the machine, need a terminal, or wait for the network.
# test_xml_etree keeps the report from being written in its format.
NO_FILE_TESTS = re.compile(
    "test_(xml|asyncio|concurrent|multiprocessing|socket|ssl|urllib|ftp|http|smtp"
    "|imap|pop|nntp|telnet|xmlrpc|idle|tk|tcl|ttk|curses|readline|pty|gdb|"
    "peg_generator|capi|faulthandler|tools|distutils|venv|ensurepip|zoneinfo|"
    "lib2to3|unittest|regrtest|signal|threading|time|sched|embed)")


class UnjudgedTest(beside.Unjudged, programs_test.Programs, beside.Beside):
    """The same programs where no open is judged."""


class LongTest(beside.Logged, beside.Beside):
    """Where every open is judged."""

    def test_this_project_builds_and_passes_its_unit_tests(self):
        self.need("meson", "ninja", "g++")
        tree = self.at("project")
        shutil.copytree(SOURCE, tree, symlinks=True,
                        ignore=shutil.ignore_patterns("build*", ".git",
                                                      "__pycache__"))
        for command in (("meson", "setup", "build"),
                        ("ninja", "-C", "build"),
                        ("meson", "test", "-C", "build", "--suite", "unit")):
            done = long_run(*command, cwd=tree, timeout_s=TIMEOUT_S)
            self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        passed = re.search(r"^Ok: +(\d+)", done.stdout, re.MULTILINE)
        print(f"# {passed[1]} unit tests passed in a build on the mount")
        self.assertGreater(int(passed[1]), 0)

    def test_all_of_pythons_tests_that_use_files(self):
        found = run(PYTHON, "-c", "import test; print(test.__path__[0])",
                    check=False)
        folder = found.stdout.strip()
        if not os.path.exists(os.path.join(folder, "test_os.py")):
            self.skipTest("needs the testsuite of " + PYTHON)
        uses = re.compile(rb"TESTFN|tempfile|temp_dir|temp_cwd|os_helper")
        modules = [
            name[:-3] for name in sorted(os.listdir(folder))
            if re.fullmatch(r"test_\w+\.py", name)
            and not NO_FILE_TESTS.match(name)
            and uses.search(judged.read(os.path.join(folder, name)))]
        mine, bare = beside.python_tests(
            modules, (self.mnt, self.bare), TIMEOUT_S,
            options=("--timeout", "600"))
        self.maxDiff = None
        differences = {n: (mine.get(n), bare.get(n)) for n in mine | bare
                       if mine.get(n) != bare.get(n)}
        # It tries epoll on a file, see assayfs(8).
        differences.pop("test.test_selectors.EpollSelectorTestCase."
                        "test_register_file", None)
        kinds = list(bare.values())
        print(f"# {len(modules)} modules, {len(bare)} tests, "
              f"{len(differences)} differ; beside the mount: " +
              ", ".join(f"{kinds.count(k)} {k}" for k in sorted(set(kinds))))
        self.assertGreater(len(bare), 5000)
        self.assertEqual(differences, {})

    def test_pythons_tests_as_root(self):
        if run(PYTHON, "-c", "import test.test_os", check=False).returncode:
            self.skipTest("needs the testsuite of " + PYTHON)
        mine, bare = beside.python_tests(
            programs_test.PYTHON_TESTS, (self.mnt, self.bare), TIMEOUT_S,
            user=0)
        self.maxDiff = None
        print(f"# {len(bare)} tests")
        self.assertEqual(mine, bare)


class LongStressTest(beside.Logged, beside.Beside):
    """Stressors for longer, then fio on larger files."""
    STRESS_SECONDS = 6
    # Shared with the short run.
    stress = programs_test.LoggedTest.stress
    finish = programs_test.LoggedTest.finish
    test_stress_ng = programs_test.LoggedTest.test_stress_ng

    def test_fio_with_several_jobs(self):
        self.need("fio")
        for engine in ("psync", "mmap", "libaio", "posixaio"):
            done = long_run(
                "fio", "--name=job", f"--directory={self.mnt}", "--numjobs=4",
                f"--ioengine={engine}", "--rw=randrw", "--bsrange=512-64k",
                "--size=64m", "--verify=crc32c", "--verify_fatal=1",
                "--verify_state_save=0",
                "--verify_backlog=256", "--iodepth=16", "--unlink=1",
                timeout_s=TIMEOUT_S)
            self.assertEqual(done.returncode, 0, (engine, done.stdout))


if __name__ == "__main__":
    tap.main(judged.needs())
