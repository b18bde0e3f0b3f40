#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The measurement log and the PCR that anchors it, with a software TPM."""

import os
import shutil
import subprocess
import time

import judged
import tap
from judged import PATIENCE, assayfs, read, run, write


class WithTpm(judged.Judged):
    """A software TPM of its own for each case."""
    MOUNT = False
    PCR = "12"

    def setUp(self):
        super().setUp()
        state = os.path.join(self.base, "tpm")
        os.mkdir(state)
        self.socket = os.path.join(self.base, "swtpm.sock")
        self.swtpm = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}",
             "--server", f"type=unixio,path={self.socket}", "--ctrl",
             f"type=unixio,path={self.socket}.ctrl", "--flags",
             "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop_tpm)
        for _ in range(PATIENCE * 100):
            if os.path.exists(self.socket):
                break
            time.sleep(0.01)
        self.tcti = f"swtpm:path={self.socket}"

    def stop_tpm(self):
        self.swtpm.terminate()
        self.swtpm.wait(PATIENCE)

    def options(self):
        return ["--lists", self.lists, "--keys", self.cert, "--tpm",
                "required", "--tcti", self.tcti, "--pcr", self.PCR,
                "--log-file", self.log, "--control", self.control,
                *self.OPTIONS]

    def pcrs(self):
        """Returns {bank: value} of the PCR."""
        values, bank = {}, None
        text = run("tpm2_pcrread", "-T", self.tcti).stdout
        for line in text.splitlines():
            name, _, value = (part.strip() for part in line.partition(":"))
            if not value:
                bank = name
            elif name == self.PCR:
                values[bank] = value.removeprefix("0x").lower()
        return values

    def records(self):
        return assayfs("log", "show", self.log).stdout.splitlines()


class TpmTest(WithTpm):
    def test_one_extend_for_each_list_however_many_files_are_opened(self):
        for i in range(3):
            write(self.below(f"more{i}"), f"more {i}")
            self.make_list(f"tlv-more{i}", self.below(f"more{i}"))
        self.mount()
        for _ in range(3):
            for name in ("data", "big", "more0", "more1", "more2"):
                read(self.at(name))
        status = self.status()["tpm"]
        self.assertEqual(status["state"], "anchored")
        self.assertEqual(status["extends"], 4)
        self.assertEqual(len(self.records()), 4)
        self.assertIn(os.path.join(self.lists, "tlv-base"), self.records()[0])

    def test_every_bank_equals_the_replay_of_the_log(self):
        self.mount()
        replay = assayfs("log", "replay", "--pcr", self.PCR, self.log).stdout
        values = self.pcrs()
        self.assertGreaterEqual(len(values), 2)
        for bank, value in values.items():
            self.assertIn(value, replay, bank)
        assayfs("log", "replay", "--pcr", self.PCR, "--tcti", self.tcti,
                self.log)

    def test_evmctl_agrees(self):
        if not shutil.which("evmctl"):
            self.skipTest("needs evmctl")
        self.mount()
        pcrs = os.path.join(self.base, "pcrs")
        write(pcrs, "".join(f"PCR-{i:02}: {'00' * 32}\n" for i in range(24)
                            if str(i) != self.PCR) +
              f"PCR-{self.PCR}: {self.pcrs()['sha256']}\n")
        done = run("evmctl", "ima_measurement", "--pcrs", f"sha256,{pcrs}",
                   self.log, check=False)
        self.assertIn("Matched per TPM bank", done.stdout + done.stderr)

    def test_a_remount_does_not_extend_again(self):
        self.mount()
        before = self.pcrs()
        self.unmount()
        self.mount()
        self.assertEqual(self.pcrs(), before)
        self.assertEqual(self.status()["tpm"]["state"], "anchored")
        self.assertReads(self.at("data"), "data\n")

    def test_a_list_counts_only_once_it_is_measured(self):
        self.mount()
        self.stop_tpm()
        write(self.below("new"), "new")
        self.make_list("tlv-new", self.below("new"))
        self.assertDenied(self.at("new"))
        self.assertReads(self.at("data"), "data\n")
        rejected, = self.status()["lists"]["rejected"]
        self.assertIn("not measured", rejected["error"])

    def test_a_pcr_that_somebody_else_extended_is_told_of(self):
        run("tpm2_pcrextend", "-T", self.tcti, f"{self.PCR}:sha256={'11' * 32}")
        self.mount("--tpm", "auto")
        self.assertEqual(self.status()["tpm"]["state"], "diverged")


class MeasurePolicyTest(WithTpm):
    OPTIONS = ("--policy", "measure")

    def test_unknown_files_get_a_record_each_and_are_not_denied(self):
        self.mount()
        write(self.below("alien\nname"), "alien")
        self.assertReads(self.at("alien\nname"), "alien")
        self.assertReads(self.at("alien\nname"), "alien")
        self.assertReads(self.at("data"), "data\n")
        self.unmount()
        self.assertEqual(len(self.records()), 2)
        self.assertIn(f"sha256:{judged.sha256('alien')} /alien_name",
                      self.records()[1])


class SeveralPcrsTest(WithTpm):
    def test_each_has_a_line_of_its_own(self):
        policy = os.path.join(self.base, "policy")
        write(policy, "measure func=DIGEST_LIST_CHECK\n"
                      "measure func=FILE_CHECK pcr=11\n")
        self.mount("--policy", policy)
        self.assertReads(self.at("data"), "data\n")
        judged.wait_until(
            lambda: self.status()["tpm"]["others"][0]["extends"] == 1)
        told = assayfs("status", self.mnt).stdout
        self.assertIn("anchored, PCR 12 (", told)
        self.assertIn("anchored, PCR 11 (", told)


def needs():
    for program in ("swtpm", "tpm2_pcrread"):
        if not shutil.which(program):
            return f"needs {program}"
    return judged.needs()


if __name__ == "__main__":
    tap.main(needs())
