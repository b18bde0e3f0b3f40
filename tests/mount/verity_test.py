#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists of fs-verity digests, and rules with digest_type=verity.

The digests are computed from the content; no file here has fs-verity. Those that
have it are in tests/vm.
"""

import hashlib
import os
import shutil
import struct

import judged
import list_bytes
import tap
from judged import assayfs, run, wait_until, write

BLOCK = 4096


def descriptor(content):
    """Returns what the fs-verity digest of at most one block is the hash of."""
    root = hashlib.sha256(content + bytes(BLOCK - len(content))).digest()
    start = struct.pack("<BBBBIQ", 1, 1, 12, 0, 0, len(content))
    return start + root + bytes(256 - len(start) - len(root))


class Verity(judged.Judged):
    """FILES but "plain" are in a list of fs-verity digests."""
    FILES = {"bin/hello": "#!/bin/sh\necho hello\n", "data": "data\n",
             "big": "0123456789abcdef" * 65536, "empty": "",
             "plain": "plain\n"}
    POLICY = "appraise digest_type=verity\n"

    def options(self):
        policy = os.path.join(self.base, "policy")
        write(policy, self.POLICY)
        return [*super().options(), "--policy", policy]

    def make_list(self, name, *sources):
        listed = [self.below(name) for name in self.FILES if name != "plain"]
        super().make_list(name, "--algorithm", "verity-sha256", *listed)
        super().make_list("tlv-plain", self.below("plain"))

    def assertRefused(self, name, reason):
        self.assertDenied(self.at(name))
        self.assertEqual(self.why(name)["reason"], reason)


class RuleTest(Verity):
    def test_listed_files_are_read_and_run(self):
        for name in ("data", "big", "empty"):
            self.assertReads(self.at(name), self.FILES[name])
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")
        digest = self.why("data")["digest"]
        self.assertEqual(digest["algorithm"], "verity-sha256")
        self.assertEqual(digest["value"], hashlib.sha256(
            descriptor(b"data\n")).hexdigest())

    def test_a_changed_file_is_denied(self):
        self.assertReads(self.at("data"), "data\n")
        write(self.below("data"), "date\n")
        self.assertRefused("data", "modified")
        with open(self.below("big"), "r+b") as file:
            file.seek(700_000)
            file.write(b"!")
        self.assertRefused("big", "modified")

    def test_a_plain_digest_does_not_count(self):
        self.assertRefused("plain", "unknown-content")
        super(Verity, self).make_list("tlv-both", self.below("data"))
        self.assertReads(self.at("data"), "data\n")
        os.unlink(os.path.join(self.lists, "tlv-base"))
        wait_until(lambda: self.status()["lists"]["loaded"] == 2)
        self.assertRefused("data", "unknown-content")

    def test_a_plain_digest_of_the_descriptor_is_none_of_the_file(self):
        write(self.below("new"), "new\n")
        self.add_list("tlv-forged", list_bytes.tlv(
            [hashlib.sha256(descriptor(b"new\n")).digest()], number=4))
        wait_until(lambda: self.status()["lists"]["loaded"] == 3)
        self.assertRefused("new", "unknown-content")

    def test_the_same_digest_counts_where_the_list_says_so(self):
        write(self.below("new"), "new\n")
        self.add_list("tlv-new", list_bytes.tlv(
            [hashlib.sha256(descriptor(b"new\n")).digest()], number=0x8004))
        wait_until(lambda: self.status()["lists"]["loaded"] == 3)
        self.assertReads(self.at("new"), "new\n")

    def test_the_tool_prints_the_same(self):
        if not shutil.which("fsverity"):
            self.skipTest("needs fsverity")
        shown = assayfs("lists", "show",
                        os.path.join(self.lists, "tlv-base")).stdout
        for name in ("data", "big", "empty"):
            printed = run("fsverity", "digest", "--compact",
                          self.below(name)).stdout.strip()
            self.assertIn(f"verity-sha256:{printed} /{name}\n", shown)


class AtReadTest(RuleTest):
    OPTIONS = ("-o", "ro")


class OnUseTest(Verity):
    OPTIONS = ("--log-order", "on-use")

    def make_list(self, name, *sources):
        super().make_list("9-tlv-last", *sources)
        for number in range(30):
            # Each knows the content, but not in the way that counts.
            content = "data\n" if number % 2 else f"plain {number}"
            self.add_list(f"1-tlv-{number}", list_bytes.tlv(
                [list_bytes.digest("sha256", content)], number=4))

    def test_plain_lists_are_no_reason_to_stop_looking(self):
        self.assertReads(self.at("data"), "data\n")
        self.assertRefused("plain", "unknown-content")


class BothTypesTest(Verity):
    POLICY = "appraise\n"

    def test_each_digest_counts_as_what_it_is(self):
        self.assertReads(self.at("data"), "data\n")
        self.assertReads(self.at("plain"), "plain\n")
        write(self.below("plain"), "other\n")
        self.assertRefused("plain", "modified")

    def test_the_descriptor_of_a_listed_file_is_denied(self):
        forged = descriptor(b"data\n")
        self.assertEqual(judged.sha256(forged),
                         self.why("data")["digest"]["value"])
        write(self.below("forged"), forged)
        self.assertRefused("forged", "unknown-content")


class MixedRulesTest(Verity):
    POLICY = "appraise func=BPRM_CHECK digest_type=verity\nappraise\n"
    OPTIONS = ("-o", "ro")

    def test_files_are_judged_when_opened_since_programs_need_more(self):
        os.chmod(self.below("plain"), 0o755)
        self.assertReads(self.at("plain"), "plain\n")
        self.assertEqual(run(self.at("bin/hello")).stdout, "hello\n")
        with self.assertRaises(PermissionError):
            run(self.at("plain"))


if __name__ == "__main__":
    tap.main(judged.needs())
