#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Policies as users meet them: scenarios, lint, signatures, reload."""

import os
import re
import shutil
import signal
import subprocess
import threading
import unittest
import xml.etree.ElementTree

import judged
import tap
from judged import assayfs, run, write


SCENARIOS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                         "..", "..", "doc", "scenarios")
LISTS = "appraise func=DIGEST_LIST_CHECK\n"
FAILING = """
title = "Expects what does not come"
policy = "files"
[tree]
"/a" = "alien"
[lists]
base = { files = [], contents = { "/b" = "b" } }
[[step]]
open = "/a"
verdict = "allow"
"""


def mounts():
    with open("/proc/mounts") as table:
        return table.read()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = judged.tempfile.TemporaryDirectory(prefix="assayfs-policy-")
        self.addCleanup(folder.cleanup)
        self.base = folder.name
        os.chmod(self.base, 0o755)

    def put(self, name, text):
        path = os.path.join(self.base, name)
        write(path, text)
        return path


class ScenarioTest(Folder):
    def test_both_ways_come_to_the_same(self):
        if not shutil.which("swtpm"):
            self.skipTest("needs swtpm")
        done = assayfs("policy", "test", "--mount", SCENARIOS, check=False)
        counts = done.stdout.splitlines()[-1]
        match = re.match(r"(\d+) scenarios, (\d+) passed, 0 failed", counts)
        self.assertTrue(match, done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertGreaterEqual(int(match[1]), 60)
        self.assertNotIn("assayfs-policy-test", mounts())

    def test_the_decision_code_alone_needs_no_privilege(self):
        program = os.path.join(self.base, "assayfs")
        shutil.copy(judged.ASSAYFS, program)
        scenarios = os.path.join(self.base, "scenarios")
        shutil.copytree(SCENARIOS, scenarios)
        done = run("setpriv", "--reuid=65534", "--regid=65534",
                   "--clear-groups", program, "policy", "test", scenarios,
                   env={**os.environ, "TMPDIR": "/tmp"}, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_difference_is_shown_and_the_answer_is_no(self):
        path = self.put("wrong.toml", FAILING)
        done = assayfs("policy", "test", path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL wrong: Expects what does not come", done.stdout)
        self.assertIn("wrong.toml:8: open /a for read", done.stdout)
        self.assertIn("expected allow, alone says deny", done.stdout)

    def test_tap_and_junit(self):
        self.put("wrong.toml", FAILING)
        self.put("right.toml", FAILING.replace('"allow"', '"deny"'))
        junit = os.path.join(self.base, "out.xml")
        done = assayfs("policy", "test", "--tap", "--junit", junit, self.base,
                       check=False)
        self.assertEqual(done.returncode, 1)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:2], ["TAP version 14", "1..2"])
        self.assertTrue(any(x.startswith("ok 1 - right") for x in lines))
        self.assertTrue(any(x.startswith("not ok 2 - wrong") for x in lines))
        root = xml.etree.ElementTree.parse(junit).getroot()
        suite = root if root.tag == "testsuite" else root.find("testsuite")
        self.assertEqual(suite.get("tests"), "2")
        self.assertEqual(suite.get("failures"), "1")
        self.assertEqual(len(suite.findall("testcase")), 2)

    def test_what_cannot_be_run_is_no_answer(self):
        for text, told in (
                ("title = 1\n", "x.toml:1:"),
                (FAILING.replace('"files"', '"appraise func=NONE"'),
                 'func=: "NONE" is not known')):
            done = assayfs("policy", "test", self.put("x.toml", text),
                           check=False)
            self.assertEqual(done.returncode, 3)
            self.assertIn(told, done.stdout)
        os.mkdir(os.path.join(self.base, "empty"))
        for path in ("empty", "none.toml"):
            done = assayfs("policy", "test", os.path.join(self.base, path),
                           check=False)
            self.assertEqual(done.returncode, 3)


class SignalTest(Folder):
    """A signal stops it between steps, and nothing stays."""

    def setUp(self):
        super().setUp()
        self.scratch = os.path.join(self.base, "scratch")
        os.mkdir(self.scratch)

    def start(self, *words):
        process = subprocess.Popen(
            [judged.ASSAYFS, "policy", "test", *words], pipesize=4096,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": self.scratch})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_what_ended_is_told_and_the_rest_is_not_run(self):
        for name in "ab":
            # The line is longer than the pipe: it waits until it is read.
            self.put(name + ".toml",
                     FAILING.replace("Expects", "x" * 100_000))
        for words in (["--tap"], []):
            process = self.start(*words, self.base)
            while b"x" not in os.read(process.stdout.fileno(), 64):
                pass
            process.send_signal(signal.SIGTERM)
            told, complaint = process.communicate()
            self.assertEqual(process.returncode, 128 + signal.SIGTERM)
            self.assertNotIn("b.toml", told)
            self.assertIn("after 1 of 2 scenarios", complaint)
            self.assertEqual("Bail out!" in told, "--tap" in words)
            self.assertEqual(os.listdir(self.scratch), [])

    def test_a_mount_is_taken_away(self):
        if not shutil.which("swtpm"):
            self.skipTest("needs swtpm")
        path = self.put("long.toml", FAILING +
                        '[[step]]\nopen = "/a"\n' * 9000)
        process = self.start("--mount", path)
        while self.scratch not in mounts() and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()
        self.assertEqual(process.returncode, 128 + signal.SIGINT, told)
        self.assertNotIn(self.scratch, mounts())
        self.assertEqual(os.listdir(self.scratch), [])


class PolicyOfAFileTest(Folder):
    def test_the_policy_that_is_deployed_is_tested(self):
        policy = self.put("mine.policy", LISTS + "include reads\n")
        self.put("reads", "appraise func=FILE_CHECK\n")
        text = FAILING.replace('"allow"', '"deny"')
        own = self.put("own.toml", text.replace(
            'policy = "files"', 'policy_file = "mine.policy"'))
        other = self.put("other.toml", text.replace('"files"', '"exec"'))
        for words, status in (([own], 0), ([other], 1),
                              (["--policy", policy, other], 0),
                              (["--policy", "exec", own], 1),
                              (["--policy", policy + "x", own], 3)):
            done = assayfs("policy", "test", *words, check=False)
            self.assertEqual(done.returncode, status, done.stdout)

    def test_all_skipped_is_no_answer(self):
        path = self.put("x.toml", FAILING.replace(
            "[tree]", 'only_mounted = "because"\n[tree]', 1))
        done = assayfs("policy", "test", path, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("skip x: runs mounted only: because", done.stdout)

    def test_junit_is_a_file(self):
        path = self.put("x.toml", FAILING)
        done = assayfs("policy", "test", "--junit", "-", path, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("it must be a file", done.stderr)


class CheckTest(Folder):
    def test_built_in_policies_are_sound(self):
        names = [x.split()[0]
                 for x in assayfs("policy", "show").stdout.splitlines()]
        self.assertEqual(names[:3], ["files", "exec", "measure"])
        for name in names:
            assayfs("policy", "check", name)
            # What is printed can be copied.
            text = assayfs("policy", "show", name).stdout
            assayfs("policy", "check", self.put(name, text))

    def test_findings_name_the_place_and_what_to_write(self):
        path = self.put("p", "appraise func=FILE_CHECK\n"
                             "appraise func=FILE_CHECK uid=5\n")
        done = assayfs("policy", "check", path, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{path}:2: warning: ", done.stdout)
        self.assertIn(": error: ", done.stdout)
        self.assertIn("    write: appraise func=DIGEST_LIST_CHECK",
                      done.stdout)
        found = judged.json.loads(
            assayfs("policy", "check", "--json", path, check=False).stdout)
        self.assertEqual(found["rules"], 2)
        self.assertTrue(all(one["file"] == path
                            for one in found["findings"] if one["line"]))

    def test_all_mistakes_are_told_at_once(self):
        path = self.put("p", "apraise\nmeasure\n"
                             "appraise path=/a\\*,b\n")
        done = assayfs("policy", "check", path, check=False)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertEqual(done.stdout.splitlines(), [
            path + ':1:1: error: action "apraise" is not known; '
                   "write appraise",
            path + ':3:10: error: path=: "b" matches no path: begin it with '
                   '"/"',
            path + ": 1 rule, see above"])
        found = judged.json.loads(
            assayfs("policy", "check", "--json", path, check=False).stdout)
        self.assertEqual([(one["severity"], one["line"])
                          for one in found["findings"]],
                         [("error", 1), ("error", 3)])

    def test_a_policy_may_come_from_the_standard_input(self):
        done = run(judged.ASSAYFS, "policy", "check", "-", input="x\n",
                   check=False)
        self.assertIn('-:1:1: error: action "x" is', done.stdout)

    def test_a_backslash_is_told_as_it_stands_there(self):
        path = self.put("p", "appraise path=a\\*\n")
        done = assayfs("policy", "check", path, check=False)
        self.assertIn('"a\\*" matches no path', done.stdout)

    def test_typical_mistakes(self):
        for text, told in (
                ("apraise\n", 'p:1:1: action "apraise" is not known'),
                ("appraise func=FILE\n", 'p:1:10: func=: "FILE" is not known'),
                ("appraise uid=root\n", 'p:1:10: uid=: "root" is not a number'),
                ("appraise obj_type=etc_t\n", "1:10: obj_type= is not"),
                ("measure digest_cache=data\n", "1:1: digest_cache="),
                ("appraise path=usr/bin/*\n", "1:10: path=: ")):
            done = assayfs("policy", "check", self.put("p", text), check=False)
            self.assertEqual(done.returncode, 1, text)
            self.assertIn(told.replace(": ", ": error: ", 1), done.stdout)
            self.assertEqual(len(done.stdout.splitlines()), 2)
        done = assayfs("policy", "check", self.base + "/none", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no such file", done.stderr)
        done = assayfs("policy", "check", self.base, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(self.base + ": not a regular file", done.stderr)
        done = assayfs("policy", "show", "none", check=False)
        self.assertEqual(done.returncode, 1)


class LoadTest(judged.Judged):
    MOUNT = False

    def put(self, text):
        self.policy = os.path.join(self.base, "policy")
        write(self.policy, text)

    def sign(self, *more, check=True):
        return assayfs("policy", "sign", "--key", self.key, "--cert",
                       self.cert, *more, self.policy, check=check)

    def refused(self):
        done = assayfs("mount", "-f", *self.options(), "--policy", self.policy,
                       self.tree, self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        return done.stderr

    def test_a_policy_that_denies_everything_is_not_mounted(self):
        self.put("appraise func=FILE_CHECK\n")
        self.assertIn('add "appraise func=DIGEST_LIST_CHECK"', self.refused())

    def test_nor_is_one_that_no_list_passes(self):
        self.put("appraise func=DIGEST_LIST_CHECK signer=none*\n"
                 "appraise func=FILE_CHECK\n")
        told = self.refused()
        self.assertIn("the policy appraises none of the digest lists "
                      "(tlv-base: signed by ", told)

    def test_a_policy_that_asks_for_signatures_has_one(self):
        self.put("appraise func=POLICY_CHECK\n" + LISTS +
                 "measure func=POLICY_CHECK\nappraise func=FILE_CHECK\n")
        self.assertIn("it is not signed, but", self.refused())
        self.assertEqual(self.sign().stdout, "1 file signed\n")
        self.assertEqual(self.sign(check=False).returncode, 1)
        self.sign("--replace")
        self.mount("--policy", self.policy)
        self.assertReads(self.at("data"), self.FILES["data"])
        shown = assayfs("log", "show", self.log).stdout
        self.assertIn(judged.sha256(judged.read(self.policy)), shown)
        # Another byte, and the signature is that of another policy.
        text = judged.read(self.policy)
        write(self.policy, text.replace(b"FILE_CHECK", b"BPRM_CHECK"))
        done = assayfs("reload", self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("bad signature", done.stderr)
        self.assertEqual(self.status()["policy"]["rules"], 4)

    def test_why_names_the_exception(self):
        self.put(LISTS + "dont_appraise path=/free/**\n"
                 "appraise func=FILE_CHECK\n")
        self.mount("--policy", self.policy)
        os.mkdir(self.below("free"))
        write(self.below("free/alien"), "alien")
        self.assertEqual(self.why("free/alien")["rule"]["line"], 2)

    def test_why_asks_for_whoever_is_named(self):
        self.put(LISTS + "dont_appraise exe=/usr/bin/cat uid=0 gid=0\n"
                 "appraise func=FILE_CHECK\n")
        self.mount("--policy", self.policy)
        write(self.below("alien"), "alien")
        done = assayfs("why", self.at("alien"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unknown exe (say --exe)", done.stdout)
        for options, verdict in ((["--exe", "/usr/bin/cat"], 0),
                                 (["--exe", "/usr/bin/cat", "--gid", "5"], 1),
                                 (["--exe", "/usr/bin/cat", "--uid", "0"], 1),
                                 (["--exe", "/usr/bin/tac"], 1)):
            with self.subTest(options=options):
                done = assayfs("why", *options, self.at("alien"), check=False)
                self.assertEqual(done.returncode, verdict, done.stdout)

    def test_a_reload_that_fails_leaves_all_as_it_was(self):
        def put(version, who):
            self.put(f"version {version}\n"
                     f"appraise func=DIGEST_LIST_CHECK signer={who}\n"
                     "appraise func=FILE_CHECK\n")
            self.sign()
        put(1, "*")
        self.mount("--policy", self.policy,
                   "--floors", os.path.join(self.base, "floors"))
        put(6, "none*")
        done = assayfs("reload", self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("the policy appraises none of the digest lists",
                      done.stderr)
        self.assertReads(self.at("data"), self.FILES["data"])
        # The sixth was never in force.
        put(5, "*")
        assayfs("reload", self.mnt)
        put(4, "*")
        done = assayfs("reload", self.mnt, check=False)
        self.assertIn("version 4, but version 5 was in force", done.stderr)
        policy = self.status()["policy"]
        self.assertEqual((policy["version"], policy["floor"]), (5, "5"))
        self.assertIn(", version 5, floor 5, ",
                      assayfs("status", self.mnt).stdout)

    def test_who_signed_it_is_told(self):
        self.put("appraise func=POLICY_CHECK\n" + LISTS +
                 "appraise func=FILE_CHECK\n")
        check = ("policy", "check", "--keys", self.cert, self.policy)
        done = assayfs(*check, check=False)
        self.assertIn(self.policy + ": note: not signed", done.stdout)
        self.assertIn("error: policy " + self.policy + ": it is not signed",
                      done.stdout)
        self.assertEqual(done.returncode, 1)
        self.sign()
        self.assertIn(self.policy + ": note: signed by ",
                      assayfs(*check).stdout)
        self.assertNotIn("signed by",
                         assayfs("policy", "check", self.policy).stdout)
        text = judged.read(self.policy)
        write(self.policy, text.replace(b"FILE_CHECK", b"BPRM_CHECK"))
        done = assayfs(*check, check=False)
        self.assertIn(": warning: signature not accepted: bad signature",
                      done.stdout)

    def test_what_no_mount_could_load_is_not_signed(self):
        self.put("nonsense\n")
        self.assertEqual(self.sign(check=False).returncode, 1)
        self.assertEqual(judged.read(self.policy), b"nonsense\n")

    def test_why_names_file_line_and_rule(self):
        self.put(LISTS + "include files\n")
        self.mount("--policy", self.policy)
        write(self.below("alien"), "alien")
        rule = self.why("alien")["rule"]
        self.assertEqual(rule, {"file": "files", "line": 4,
                                "text": "appraise func=FILE_CHECK"})
        told = assayfs("why", self.at("alien"), check=False).stdout
        self.assertIn("files:4: appraise func=FILE_CHECK", told)

    def test_no_use_is_decided_by_half_a_policy(self):
        write(self.below("alien"), "alien")
        self.make_list("tlv-other", self.below("alien"))
        # Either denies it: the one does not appraise the list, the other does
        # not take its word. Lists by the other and files by the one would not.
        policies = (
            "dont_appraise func=DIGEST_LIST_CHECK path=**/tlv-other\n"
            "appraise\n",
            LISTS + "appraise list=tlv-base\n")
        self.put(policies[0])
        self.mount("--policy", self.policy)
        wrong = []
        done = threading.Event()

        def use():
            while not done.is_set():
                try:
                    wrong.append(judged.read(self.at("alien")))
                except PermissionError:
                    pass
                if judged.read(self.at("data")) != b"data\n":
                    wrong.append("data")
        users = [threading.Thread(target=use) for _ in range(4)]
        for user in users:
            user.start()
        try:
            for i in range(40):
                write(self.policy, policies[i % 2 - 1])
                assayfs("reload", self.mnt)
        finally:
            done.set()
            for user in users:
                user.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    tap.main(judged.needs())
