#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the daemon starts, lives, ends, and fails."""

import errno
import os
import shutil
import signal
import socket
import subprocess
import time

import askers
import judged
import tap
from judged import ASSAYFS, PATIENCE, assayfs, read, run, write


class LifeTest(judged.Judged):
    def test_umount_ends_the_daemon_cleanly(self):
        run("umount", self.mnt)
        self.assertEqual(self.daemon.wait(PATIENCE), 0, self.stderr())
        self.assertFalse(os.path.exists(self.control))

    def test_a_stop_signal_unmounts_even_with_files_open(self):
        with open(self.at("data"), "rb"):
            self.unmount()
        self.assertFalse(os.path.ismount(self.mnt))
        self.assertReads(os.path.join(self.tree, "data"), "data\n")

    def test_after_a_kill_callers_get_an_error_and_a_remount_works(self):
        with open(self.at("big"), "rb", buffering=0) as held:
            self.daemon.kill()
            self.daemon.wait(PATIENCE)
            with self.assertRaises(OSError) as caught:
                os.listdir(self.mnt)
            self.assertEqual(caught.exception.errno, errno.ENOTCONN)
            with self.assertRaises(OSError):
                os.pread(held.fileno(), 10, 1 << 19)
        run("umount", "-l", self.mnt)
        self.mount()
        self.assertReads(self.at("data"), "data\n")

    def test_the_tree_may_be_covered_by_its_own_mount(self):
        self.unmount()
        self.mount(point=self.tree)
        self.assertReads(self.below("data"), "data\n")
        write(self.below("alien"), "alien")
        self.assertDenied(self.below("alien"))
        self.unmount(self.tree)
        self.assertReads(self.below("alien"), "alien")

    def test_the_kernel_reads_ahead_as_much_as_one_request_takes(self):
        device = os.stat(self.mnt).st_dev
        path = f"/sys/class/bdi/{os.major(device)}:{os.minor(device)}" \
            "/read_ahead_kb"
        if not os.path.exists(path):
            self.skipTest("needs sysfs")
        judged.wait_until(lambda: int(read(path)) == 1024)

    def test_two_mounts_live_side_by_side(self):
        first = self.daemon
        other = os.path.join(self.base, "other")
        os.mkdir(other)
        control, self.control = self.control, self.control + "2"
        self.mount(point=other)
        self.assertReads(os.path.join(other, "data"), "data\n")
        # One socket is of one of them, and asked once.
        told = assayfs("status", "--control", self.control).stdout
        self.assertEqual([line for line in told.splitlines()
                          if not line.startswith(" ")], [other])
        self.unmount(other)
        self.daemon, self.control = first, control
        self.assertReads(self.at("data"), "data\n")

    def test_mounting_twice_on_one_place_is_refused(self):
        done = assayfs("mount", *self.options(), "--control",
                       self.control + "2", self.tree, self.mnt, check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn(self.mnt, done.stderr)

    def test_mount_in_the_background_returns_when_it_can_be_used(self):
        self.unmount()
        assayfs("mount", *self.options(), self.tree, self.mnt)
        self.assertReads(self.at("data"), "data\n")
        self.assertEqual(self.status()["mode"], "enforce")
        run("umount", self.mnt)

    def test_mount_8_finds_the_helper_and_its_options(self):
        self.unmount()
        with judged.tempfile.TemporaryDirectory() as folder:
            helper = os.path.join(folder, "mount.assayfs")
            os.symlink(os.path.abspath(shutil.which(ASSAYFS)), helper)
            run(helper, self.tree, self.mnt, "-o",
                f"rw,noauto,lists={self.lists},keys={self.cert},tpm=off,"
                f"log-file={self.log},control={self.control}")
        self.assertReads(self.at("data"), "data\n")
        run("umount", self.mnt)

    def test_status_tells_how_well_it_enforces(self):
        read(self.at("data"))
        status = self.status()
        self.assertEqual(status["mountpoint"], self.mnt)
        self.assertEqual(status["lower"], self.tree)
        self.assertEqual(status["enforce_at"], "open")
        self.assertIn(status["data"], ("auto", "verified"))
        self.assertEqual(status["policy"]["name"], "files")
        self.assertEqual(status["tpm"]["state"], "off")
        self.assertEqual(status["lists"]["loaded"], 1)
        self.assertEqual(status["lists"]["digests"], 3)
        self.assertEqual(status["verdicts"]["allowed"], 1)
        self.assertEqual(status["pid"], self.daemon.pid)
        text = assayfs("status", self.mnt).stdout
        self.assertIn("enforce", text)

    def test_why_answers_with_its_exit_status(self):
        done = assayfs("why", self.at("data"))
        self.assertIn("known", done.stdout)
        write(self.below("alien"), "alien")
        done = assayfs("why", self.at("alien"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unknown-content", done.stdout)
        done = assayfs("why", "/proc/version", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_the_control_socket_bears_nonsense_and_silence(self):
        silent = socket.socket(socket.AF_UNIX)
        silent.connect(self.control)
        with socket.socket(socket.AF_UNIX) as noisy:
            noisy.connect(self.control)
            noisy.sendall(b"{" * 1000 + b"\n")
            noisy.settimeout(PATIENCE)
            self.assertIn(b"error", noisy.recv(65536))
        self.assertEqual(self.status()["mode"], "enforce")
        silent.close()

    def test_the_control_socket_is_for_its_owner(self):
        self.assertEqual(os.stat(self.control).st_mode & 0o777, 0o600)

    def test_a_waiting_reader_can_be_interrupted(self):
        path = self.below("huge")
        with open(path, "wb") as file:
            file.truncate(64 << 30)  # hashing it takes half a minute
        reader = subprocess.Popen(["cat", self.at("huge")],
                                  stdout=subprocess.DEVNULL)
        # It has begun to wait once it sleeps in the open.
        while b"fuse" not in read(f"/proc/{reader.pid}/wchan") and \
                b"request_wait" not in read(f"/proc/{reader.pid}/wchan"):
            if reader.poll() is not None:
                self.fail("the reader did not wait")
            time.sleep(0.01)
        reader.terminate()
        self.assertEqual(reader.wait(PATIENCE), -signal.SIGTERM)
        os.truncate(path, 0)
        self.assertReads(self.at("data"), "data\n")


class NoRequestOnItselfTest(judged.Judged):
    """Keys, lists, log, socket and the program's work lie on the mount."""
    MOUNT = False

    def setUp(self):
        super().setUp()
        # Move everything the daemon uses into the tree that gets covered.
        for name in ("lists", "keys"):
            os.makedirs(self.below(name), exist_ok=True)
        for name in os.listdir(self.lists):
            os.rename(os.path.join(self.lists, name),
                      os.path.join(self.below("lists"), name))
        self.lists = self.below("lists")
        shutil.copy(self.cert, self.below("keys/cert.pem"))
        self.cert = self.below("keys/cert.pem")
        self.log = self.below("measurements")

    def test_the_daemon_causes_no_request_on_its_own_mount(self):
        watch = askers.Askers(self)
        self.mount(point=self.tree)
        watch.note_threads(self.daemon.pid)
        self.use_everything()
        watch.note_threads(self.daemon.pid)
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(PATIENCE), 0, self.stderr())
        who, own = watch.result()
        self.assertGreater(len(who), 20)
        self.assertEqual(own, [])

    def use_everything(self):
        """Files, records, list changes, reload, status and why."""
        self.assertReads(self.below("data"), "data\n")
        write(self.below("alien"), "alien")
        self.assertDenied(self.below("alien"))
        listed = os.path.join(self.lists, "tlv-base")
        os.rename(listed, listed + "-away")
        assayfs("reload", self.tree)
        os.rename(listed + "-away", listed)
        assayfs("reload", self.tree)
        assayfs("why", self.below("alien"), check=False)
        assayfs("status", self.tree)


class BadInputTest(judged.Judged):
    """One line that says what is wrong, and the exit status of its kind."""
    MOUNT = False

    def refused(self, status, *words, **changes):
        options = {"lists": self.lists, "keys": self.cert, "tpm": "off",
                   "log-file": self.log, "control": self.control}
        options.update({k.replace("_", "-"): v for k, v in changes.items()
                        if k not in ("lower", "point")})
        done = assayfs("mount", *(f"--{k}={v}" for k, v in options.items()),
                       changes.get("lower", self.tree),
                       changes.get("point", self.mnt), check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, r"\Aassayfs: [^\n]+: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse(os.path.ismount(self.mnt))

    def test_a_missing_list_folder(self):
        self.refused(3, "/no/lists", lists="/no/lists")

    def test_an_empty_list_folder(self):
        os.mkdir(os.path.join(self.base, "empty"))
        self.refused(3, "lists gen", lists=os.path.join(self.base, "empty"))

    def test_lists_by_nobody_we_trust(self):
        key, cert = (os.path.join(self.base, n) for n in ("k", "c.pem"))
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-subj", "/CN=other", "-keyout", key, "-out", cert)
        self.refused(3, "tlv-base", "no key", keys=cert)

    def test_no_key_at_all(self):
        os.mkdir(os.path.join(self.base, "keys"))
        self.refused(3, "keys", keys=os.path.join(self.base, "keys"))
        self.refused(3, "/no/keys", keys="/no/keys")

    def test_a_key_file_that_is_no_key(self):
        self.refused(3, "data", keys=self.below("data"))

    def test_a_mount_point_that_is_no_folder(self):
        self.refused(3, "data", point=self.below("data"))
        self.refused(3, "/no/point", point="/no/point")

    def test_a_lower_folder_that_is_none(self):
        self.refused(3, "/no/tree", lower="/no/tree")

    def test_a_tpm_that_does_not_answer(self):
        self.refused(3, "TPM", tpm="required",
                     tcti="swtpm:path=" + os.path.join(self.base, "none"))

    def test_a_pcr_that_anyone_can_reset(self):
        self.refused(2, "23", pcr="23")

    def test_a_policy_that_is_none(self):
        self.refused(3, "nonsense", policy="nonsense")
        self.refused(3, "data:1", policy=self.below("data"))

    def test_wrong_usage(self):
        for arguments in (("mount",), ("mount", "--mode", "hope", "/a", "/b"),
                          ("frobnicate",), ()):
            done = assayfs(*arguments, check=False)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr.startswith("assayfs: "), done.stderr)

    def test_a_bad_list_does_not_stop_the_good_ones(self):
        write(os.path.join(self.lists, "rpm-junk"), b"\x8e\xad\xe8 junk")
        os.truncate(os.path.join(self.lists, "rpm-junk"), 5)
        write(os.path.join(self.lists, "tlv-large"), b"")
        os.truncate(os.path.join(self.lists, "tlv-large"), (64 << 20) + 1)
        write(os.path.join(self.lists, "README"), "not a list")
        self.mount()
        self.assertReads(self.at("data"), "data\n")
        rejected = {r["name"]: r["error"]
                    for r in self.status()["lists"]["rejected"]}
        self.assertEqual(set(rejected), {"rpm-junk", "tlv-large", "README"})
        self.assertIn("too large", rejected["tlv-large"])


if __name__ == "__main__":
    tap.main(judged.needs())
