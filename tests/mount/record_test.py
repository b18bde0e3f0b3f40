#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a mount with --record is asked is found in its file, each use once."""

import json
import os
import stat
import subprocess
import sys

import judged
import tap
from judged import assayfs, read, sha256, wait_until, write

READ, WRITE, EXEC, APPEND = 4, 2, 1, 8
USER = 1234


class Record(judged.Judged):
    MOUNT = False
    recording = None  # options in the place of --record

    def setUp(self):
        super().setUp()
        self.record = os.path.join(self.base, "uses")
        write(self.below("alien"), "no list knows this\n")

    def options(self):
        return [*super().options(),
                *(self.recording or ("--record", self.record))]

    def counts(self):
        return self.status()["record"]

    def uses(self, settled=0):
        """Ends the mount; returns what is recorded, by path and mask."""
        wait_until(lambda: self.counts()["uses"] >= settled)
        self.unmount()
        found = {}
        with open(self.record, encoding="utf-8") as lines:
            for line in lines:
                use = json.loads(line)
                found.setdefault((use["path"], use["mask"]), []).append(use)
        return found

    def refuse(self, *options):
        done = assayfs("mount", *self.options(), *options, self.tree,
                       self.mnt, check=False)
        self.assertFalse(judged.is_mounted(self.mnt))
        return done.returncode, done.stderr


class AskedTest(Record):
    def test_what_is_judged_is_recorded_with_its_verdict(self):
        self.mount()
        self.assertReads(self.at("data"), self.FILES["data"])
        self.assertDenied(self.at("alien"))
        uses = self.uses(2)
        known, = uses["/data", READ]
        self.assertEqual((known["verdict"], known["reason"]),
                         ("allow", "known"))
        self.assertEqual(known["digests"],
                         ["sha256:" + sha256(self.FILES["data"])])
        self.assertEqual(known["exe"], os.path.realpath(sys.executable))
        for name in ("uid", "euid", "gid", "egid", "fowner", "fgroup"):
            self.assertEqual(known[name], 0, name)
        self.assertEqual(known["mode"],
                         os.stat(self.below("data")).st_mode)
        self.assertEqual(known["system_path"], self.below("data"))
        self.assertEqual(known["elf"], False)
        self.assertIn("fsmagic", known)
        denied, = uses["/alien", READ]
        self.assertEqual((denied["verdict"], denied["reason"]),
                         ("deny", "unknown-content"))
        self.assertEqual(denied["digests"],
                         ["sha256:" + sha256("no list knows this\n")])

    def test_in_mode_log_it_is_the_same_and_nothing_is_denied(self):
        self.mount("--mode", "log")
        self.assertReads(self.at("alien"), "no list knows this\n")
        use, = self.uses(1)["/alien", READ]
        self.assertEqual(use["verdict"], "deny")

    def test_what_no_rule_speaks_of_is_recorded_with_its_digest(self):
        self.mount("--policy", "exec")
        self.assertReads(self.at("alien"), "no list knows this\n")
        with open(self.at("alien"), "r+b") as file:
            self.assertEqual(file.read(2), b"no")
        uses = self.uses(2)
        for mask in (READ, READ | WRITE):
            use, = uses["/alien", mask]
            self.assertEqual(use["verdict"], "unjudged")
            self.assertEqual(use["digests"],
                             ["sha256:" + sha256("no list knows this\n")])

    def test_what_another_user_runs_is_recorded_as_that(self):
        self.mount()
        done = subprocess.run([self.at("bin/hello")], user=USER, group=USER,
                              extra_groups=[], capture_output=True,
                              check=True)
        self.assertEqual(done.stdout, b"hello\n")
        uses = self.uses(2)
        use, = uses["/bin/hello", EXEC]
        self.assertEqual({use[n] for n in ("uid", "euid", "gid", "egid")},
                         {USER})
        self.assertEqual(use["verdict"], "allow")
        # The shell that then reads it is another program.
        self.assertNotEqual(uses["/bin/hello", READ][0]["exe"], use["exe"])

    def test_who_makes_or_writes_a_file_is_recorded(self):
        self.mount()
        for name, flags in (("made", os.O_CREAT | os.O_WRONLY),
                            ("touched", os.O_CREAT | os.O_RDONLY),
                            ("data", os.O_WRONLY | os.O_APPEND),
                            ("big", os.O_RDWR | os.O_TRUNC)):
            os.close(os.open(self.at(name), flags, 0o644))
        uses = self.uses(4)
        self.assertEqual(set(uses), {("/made", WRITE), ("/touched", WRITE),
                                     ("/data", WRITE | APPEND),
                                     ("/big", WRITE)})
        for use, in uses.values():
            self.assertEqual(use["verdict"], "unjudged")
            self.assertNotIn("digests", use)
            self.assertEqual(use["exe"], os.path.realpath(sys.executable))

    def test_names_may_be_any_bytes(self):
        os.rename(self.below("data").encode(),
                  os.fsencode(self.tree) + b"/\xff \n%")
        self.mount()
        read(os.fsencode(self.mnt) + b"/\xff \n%")
        self.assertIn(("/%ff \n%25", READ), self.uses(1))


class FileTest(Record):
    def test_each_use_is_written_once_however_often_it_is_mounted(self):
        for _ in range(2):
            self.mount()
            for _ in range(3):
                self.assertReads(self.at("data"), self.FILES["data"])
            self.assertEqual(len(self.uses(1)["/data", READ]), 1)
        self.assertEqual(stat.S_IMODE(os.stat(self.record).st_mode), 0o600)

    def test_a_record_that_nobody_reads_blocks_no_open(self):
        os.mkfifo(self.record)
        self.many()

    def test_a_record_that_cannot_be_written_to_fails_no_open(self):
        self.record = "/dev/full"
        self.many()
        self.assertGreaterEqual(self.counts()["lost"], 1000)
        self.unmount()
        told = "record /dev/full: write: No space left on device"
        self.assertEqual(self.stderr().count(told), 1)

    def many(self):
        """Opens a thousand files, of which each is a use of its own."""
        os.mkdir(self.below("many"))
        for number in range(1000):
            write(self.below(f"many/{number}"), self.FILES["data"])
        self.mount()
        for number in range(1000):
            self.assertReads(self.at(f"many/{number}"), self.FILES["data"])
        wait_until(lambda: self.counts()["lost"] > 0)

    def test_it_may_be_in_the_tree_that_is_mounted_over_itself(self):
        self.record = self.below("uses")
        self.mount(point=self.tree)
        self.mnt = self.tree
        self.assertReads(self.at("data"), self.FILES["data"])
        wait_until(lambda: self.counts()["uses"] == 1)
        self.unmount(self.tree)
        self.assertIn(b'"path":"/data"', read(self.record))

    def test_one_that_cannot_be_opened_is_refused_before_the_mount(self):
        self.record = os.path.join(self.base, "none/uses")
        status, errors = self.refuse()
        self.assertEqual(status, 3)
        self.assertIn("none/uses: No such file or directory", errors)


    def test_a_file_that_is_no_record_is_refused_and_kept(self):
        write(self.record, "-----BEGIN CERTIFICATE-----\n")
        os.chmod(self.record, 0o644)
        status, errors = self.refuse()
        self.assertEqual(status, 3)
        self.assertIn(f"{self.record}: is there, and is no record of uses",
                      errors)
        self.assertEqual(read(self.record), b"-----BEGIN CERTIFICATE-----\n")

    def test_a_file_that_others_could_read_is_for_its_owner_alone(self):
        write(self.record, "")
        os.chmod(self.record, 0o644)
        self.mount()
        self.assertReads(self.at("data"), self.FILES["data"])
        self.assertIn(("/data", READ), self.uses(1))
        self.assertEqual(stat.S_IMODE(os.stat(self.record).st_mode), 0o600)

    def test_a_link_is_not_followed(self):
        target = os.path.join(self.base, "target")
        write(target, "")
        os.symlink(target, self.record)
        status, errors = self.refuse()
        self.assertEqual(status, 3)
        self.assertIn("Too many levels of symbolic links", errors)


class OptionTest(Record):
    def test_it_is_refused_where_nothing_is_asked(self):
        status, errors = self.refuse("--mode", "off")
        self.assertEqual(status, 2)
        self.assertIn("--record needs --mode enforce or log", errors)

    def test_it_is_refused_where_opens_are_not_seen(self):
        status, errors = self.refuse("--enforce-at", "read", "-o", "ro")
        self.assertEqual(status, 3)
        self.assertIn("--record needs to hear of each open", errors)

    def test_status_tells_of_it_and_of_the_policy_as_it_is(self):
        self.mount("-o", "ro")
        recording = self.status()
        self.assertEqual(recording["enforce_at"], "open")
        self.assertEqual(recording["enforce_at_why"], "records what is asked")
        self.assertEqual(recording["record"],
                         {"file": self.record, "uses": 0, "lost": 0})
        self.assertIn(f"record    0 uses, 0 lost, in {self.record}",
                      assayfs("status", self.mnt).stdout)
        self.unmount()
        self.recording = ("-o", "ro")
        self.mount()
        self.assertNotIn("record", self.status())
        self.assertEqual(self.status()["policy"], recording["policy"])
        self.assertNotIn("record ", assayfs("status", self.mnt).stdout)

    def test_it_is_an_option_of_mount_too(self):
        self.recording = ("-o", f"record={self.record}")
        self.mount()
        self.assertReads(self.at("data"), self.FILES["data"])
        self.assertIn(("/data", READ), self.uses(1))

    def test_after_a_reload_all_is_still_recorded(self):
        policy = os.path.join(self.base, "policy")
        write(policy, "appraise\n")
        self.mount("--policy", policy)
        self.assertDenied(self.at("alien"))
        write(policy, "dont_appraise\ndont_hash\n")
        assayfs("reload", self.mnt)
        self.assertReads(self.at("alien"), "no list knows this\n")
        uses = self.uses(2)["/alien", READ]
        self.assertEqual([use["verdict"] for use in uses],
                         ["deny", "unjudged"])
        self.assertEqual(uses[0]["digests"], uses[1]["digests"])

    def test_why_is_answered_as_without(self):
        self.mount("--policy", "exec")
        why = self.why("alien")
        self.assertEqual((why["verdict"], why["reason"]),
                         ("unjudged", "dont-appraise"))
        self.assertEqual(self.counts()["uses"], 0)


if __name__ == "__main__":
    tap.main(judged.needs())
