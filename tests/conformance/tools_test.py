#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tools of the kernel's Integrity Digest Cache leave on disk.

Their lists, numbers and hints are laid out here as they write them, and read
by assayfs; what assayfs writes is compared with the same layout, byte by byte.
"""

import os
import shutil
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mount"))

# pylint: disable=wrong-import-position
import judged
import list_bytes
import tap
from judged import assayfs, read, run, sha256, write
from list_bytes import field

HINT = "security.digest_list"
MARKER = b"~Module signature appended~\n"


def tlv_with_paths(files):
    """Returns the list that their generator makes of {path: content}: one
    algorithm, the number of entries, and in each a digest and then a path with
    a NUL at its end."""
    content = field(0, struct.pack(">H", list_bytes.KERNEL_NUMBERS["sha256"]))
    content += field(1, struct.pack(">I", len(files)))
    for path, text in files.items():
        content += field(2, field(0, list_bytes.digest("sha256", text)) +
                         field(1, path.encode() + b"\0"))
    return content


class Tools(judged.Judged):
    FILES = {"one": "1", "two": "2", "three": "3"}
    MOUNT = False

    def setUp(self):
        super().setUp()
        os.unlink(os.path.join(self.lists, "tlv-base"))

    def list_path(self, name):
        return os.path.join(self.lists, name)

    def add_list(self, name, content):
        """Adds a list that the kernel's sign-file has signed."""
        fresh = os.path.join(self.base, "fresh")
        write(fresh, content)
        run("openssl", "cms", "-sign", "-binary", "-noattr", "-nocerts",
            "-outform", "DER", "-signer", self.cert, "-inkey", self.key,
            "-in", fresh, "-out", fresh + ".cms")
        write(self.list_path(name),
              list_bytes.with_signature(content, read(fresh + ".cms")))

    def add_all(self):
        for name, text in self.FILES.items():
            self.add_list(f"tlv-{name}", tlv_with_paths({f"/{name}": text}))

    def hint(self, action):
        return assayfs("lists", "hint", action, "--lists", self.lists,
                       "--root", self.tree, self.tree).stdout

    def logged(self):
        """Returns the names of the lists in the log, in its order."""
        lines = assayfs("log", "show", self.log).stdout.splitlines()
        return [os.path.basename(line.split(" ")[-1]) for line in lines]


class Lists(Tools):
    def test_a_tlv_list_of_theirs_is_read(self):
        self.add_list("tlv-all", tlv_with_paths(
            {f"/{name}": text for name, text in self.FILES.items()}))
        shown = assayfs("lists", "show", self.list_path("tlv-all")).stdout
        self.assertEqual(shown, "".join(
            f"sha256:{sha256(text)} /{name}\n"
            for name, text in self.FILES.items()))
        self.mount()
        for name, text in self.FILES.items():
            self.assertReads(self.at(name), text)

    def test_a_tlv_list_of_ours_is_laid_out_as_theirs(self):
        assayfs("lists", "gen", "--name", "all", "--root", self.tree, "-o",
                self.lists, self.tree)
        self.assertEqual(read(self.list_path("tlv-all")), tlv_with_paths(
            {f"/{name}": self.FILES[name] for name in sorted(self.FILES)}))

    def test_a_list_of_ours_is_signed_as_theirs(self):
        content = tlv_with_paths({"/one": "1"})
        write(self.list_path("tlv-one"), content)
        assayfs("lists", "sign", "--key", self.key, "--cert", self.cert,
                self.list_path("tlv-one"))
        made = read(self.list_path("tlv-one"))
        self.assertTrue(made.startswith(content))
        self.assertTrue(made.endswith(MARKER))
        trailer = made[-len(MARKER) - 12:-len(MARKER)]
        size = len(made) - len(content) - 12 - len(MARKER)
        self.assertEqual(trailer, struct.pack(">BBBBBxxxI", 0, 0, 2, 0, 0, size))

    def test_an_rpm_list_with_an_openpgp_signature_is_read(self):
        home = os.path.join(self.base, "gpg")
        os.mkdir(home, 0o700)
        gpg = ["gpg", "--homedir", home, "--batch"]
        if not shutil.which("gpg"):
            self.skipTest("no gpg")
        self.addCleanup(subprocess.run,
                        ["gpgconf", "--homedir", home, "--kill", "all"],
                        check=False)
        run(*gpg, "--passphrase", "", "--quick-gen-key", "tester@example.org",
            "rsa3072", "sign", "never")
        key = os.path.join(self.base, "key.asc")
        run(*gpg, "--armor", "--output", key, "--export")
        header = list_bytes.rpm_header(list_bytes.package_tags(
            [list_bytes.digest("sha256", "1")], 8))
        payload = os.path.join(self.base, "header")
        write(payload, header)
        run(*gpg, "--digest-algo", "SHA256", "--output", payload + ".sig",
            "--detach-sign", payload)
        signature = read(payload + ".sig")
        write(self.list_path("rpm-test-1.0-1.noarch"),
              header + signature +
              struct.pack(">BBBBBxxxI", 0, 0, 0, 0, 0, len(signature)) +
              MARKER)
        checked = assayfs("lists", "check", "--keys", key, self.lists).stdout
        self.assertIn("1 verified, 0 refused, 1 digests", checked)


class Numbers(Tools):
    """Their numbers count every line of the log, so that there are gaps."""

    def setUp(self):
        super().setUp()
        self.add_all()
        for number, name in ((4, "three"), (11, "one")):
            os.rename(self.list_path(f"tlv-{name}"),
                      self.list_path(f"{number}-tlv-{name}"))
            os.symlink(f"{number}-tlv-{name}", self.list_path(f"tlv-{name}"))
        self.numbered = ["4-tlv-three", "11-tlv-one", "tlv-two"]

    def test_each_list_is_measured_once_in_their_order(self):
        self.mount()
        self.assertEqual(self.logged(), self.numbered)
        status = self.status()["lists"]
        self.assertEqual((status["loaded"], status["rejected"]), (3, []))

    def test_numbers_of_theirs_are_made_anew_and_taken_away(self):
        self.mount()
        self.unmount()
        assayfs("lists", "number", "--log", self.log, self.lists)
        self.assertEqual(sorted(os.listdir(self.lists)), [
            "0-tlv-three", "1-tlv-one", "2-tlv-two", "tlv-one", "tlv-three",
            "tlv-two"])
        for name in ("0-tlv-three", "1-tlv-one", "2-tlv-two"):
            link = self.list_path(name.partition("-")[2])
            self.assertEqual(os.readlink(link), name)
        assayfs("lists", "number", "--undo", self.lists)
        self.assertEqual(sorted(os.listdir(self.lists)),
                         ["tlv-one", "tlv-three", "tlv-two"])
        self.assertFalse(any(os.path.islink(self.list_path(name))
                             for name in os.listdir(self.lists)))

    def test_numbering_below_a_mount_loses_no_list(self):
        self.mount()
        for arguments in (("--log", self.log), ("--undo",)):
            assayfs("lists", "number", *arguments, self.lists)
            assayfs("reload", self.mnt)
            status = self.status()["lists"]
            self.assertEqual((status["loaded"], status["rejected"]), (3, []))
            for name, text in self.FILES.items():
                self.assertReads(self.at(name), text)


class Hints(Tools):
    def setUp(self):
        super().setUp()
        self.add_all()

    def set(self, name, value):
        os.setxattr(self.below(name), HINT, value)

    def get(self, name):
        return os.getxattr(self.below(name), HINT)

    def test_hints_of_theirs_are_read(self):
        self.set("one", b"tlv-one")
        self.set("two", b"tlv-two\0")
        self.set("three", b"tlv-none")
        self.assertTrue(self.hint("update").startswith(
            "0 added, 1 changed, 0 removed, 2 unchanged, "))
        self.assertEqual(self.get("two"), b"tlv-two\0")

    def test_hints_of_ours_are_as_theirs(self):
        self.hint("add")
        for name in self.FILES:
            self.assertEqual(self.get(name), b"tlv-" + name.encode())

    def test_hints_stay_good_when_lists_are_numbered(self):
        self.hint("add")
        self.mount()
        self.unmount()
        assayfs("lists", "number", "--log", self.log, self.lists)
        for name in self.FILES:
            named = self.list_path(self.get(name).decode())
            self.assertIn(f" /{name}\n",
                          assayfs("lists", "show", named).stdout)
        self.assertIn("0 changed, 0 removed, 3 unchanged", self.hint("update"))

    def test_hints_are_nothing_to_trust(self):
        write(self.below("unknown"), "unknown")
        os.setxattr(self.below("unknown"), HINT, b"tlv-one")
        self.set("two", b"tlv-three")
        self.mount()
        self.assertDenied(self.at("unknown"))
        self.assertReads(self.at("two"), "2")


if __name__ == "__main__":
    tap.main(judged.needs())
