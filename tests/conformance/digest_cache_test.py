#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernel's Integrity Digest Cache does with lists, done here as well.

Tests are named as those of its kselftest are, where there is one. Class
Missed has what its documentation says that the kernel does not see.
"""

import os
import shutil
import struct
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "mount"))

# pylint: disable=wrong-import-position
import judged
import list_bytes
import tap
from judged import assayfs, run, write
from list_bytes import (BASE_NAMES, FILE_DIGESTS, KERNEL_NUMBERS,
                        OPENPGP_NUMBERS, Tag)

DIGESTS_EACH = 5


class Conformance(judged.Judged):
    FILES = {"base": "base"}
    OPTIONS = ("--allow-weak-digests",)

    def add_file(self, name):
        """Adds a file whose content is its name."""
        write(self.below(name), name)

    def add_listed(self, number):
        """Adds a file, and a list of its own."""
        name = f"file-{number}"
        self.add_file(name)
        self.make_list(f"tlv-{name}", self.below(name))

    def assertListed(self, *names):
        for name in names:
            self.assertReads(self.at(name), name)

    def assertNotListed(self, *names):
        for name in names:
            self.assertDenied(self.at(name))
            self.assertEqual(self.why(name)["reason"], "unknown-content", name)

    def rejected(self):
        return {one["name"]: one["error"]
                for one in self.status()["lists"]["rejected"]}

    def list_path(self, name):
        return os.path.join(self.lists, name)


class Parsers(Conformance):
    def check_algorithms(self, kind, numbers, make):
        """make(digests, number of the algorithm) returns a list."""
        for algorithm, number in numbers.items():
            names = [f"{algorithm}-{i}" for i in range(DIGESTS_EACH)]
            for name in names:
                self.add_file(name)
            self.assertNotListed(*names)
            digests = [list_bytes.digest(algorithm, name) for name in names]
            self.add_list(f"{kind}-{algorithm}", make(digests, number))
            self.assertListed(*names)
        self.assertEqual(self.rejected(), {})

    def check_errors(self, kind, broken):
        """broken: lists, by a word that tells what is wrong."""
        self.add_file("file")
        for what, content in broken.items():
            with self.subTest(what):
                self.add_list(f"{kind}-{what}", content)
                self.assertNotListed("file")
                self.assertIn(f"{kind}-{what}", self.rejected())

    def test_tlv_parser_ok(self):
        self.check_algorithms("tlv", KERNEL_NUMBERS, lambda digests, number:
                              list_bytes.tlv(digests, number=number))

    def test_tlv_parser_error(self):
        sha256 = [list_bytes.digest("sha256", "file")]
        number = KERNEL_NUMBERS["sha256"]
        self.check_errors("tlv", {
            "algorithm-length": list_bytes.tlv(
                sha256, number=number,
                algorithm_value=struct.pack(">I", number)),
            "algorithm-mismatch": list_bytes.tlv(
                sha256, number=KERNEL_NUMBERS["sha1"]),
            "no-entries": list_bytes.tlv(sha256, number=number, entries=0)})

    def test_rpm_parser_ok(self):
        self.check_algorithms("rpm", OPENPGP_NUMBERS, lambda digests, number:
                              list_bytes.rpm_header(
                                  list_bytes.package_tags(digests, number)))

    def test_rpm_parser_error(self):
        digest = list_bytes.digest("sha256", "file")
        sound = list_bytes.package_tags([digest], OPENPGP_NUMBERS["sha256"])
        without = {number: tag for number, tag in sound.items()
                   if number != BASE_NAMES}
        more = Tag.strings(FILE_DIGESTS, [digest.hex()] * 2)
        other = Tag.string(FILE_DIGESTS, digest.hex())
        self.check_errors("rpm", {
            "magic": list_bytes.rpm_header(sound, magic=b"\x8e\xad\xe8\x02"),
            "offset": list_bytes.rpm_header(sound, offset=1 << 20),
            "tags": list_bytes.rpm_header(without),
            "digest-count": list_bytes.rpm_header({**sound,
                                                   FILE_DIGESTS: more}),
            "digest-type": list_bytes.rpm_header({**sound,
                                                  FILE_DIGESTS: other})})
        self.add_list("rpm-sound", list_bytes.rpm_header(sound))
        self.assertListed("file")


class DefaultPath(Conformance):
    MOUNT = False

    def test_default_path_file(self):
        self.add_file("file")
        self.add_file("other")
        self.make_list("tlv-file", self.below("file"))
        self.make_list("tlv-other", self.below("other"))
        self.mount("--lists", self.list_path("tlv-file"))
        self.assertListed("file")
        self.assertNotListed("other")
        self.make_list("tlv-file", self.below("other"))
        self.assertListed("other")
        self.assertNotListed("file")

    def test_default_path_dir(self):
        for number in range(3):
            self.add_listed(number)
        self.mount("--lists", self.lists)
        self.assertListed("file-0", "file-1", "file-2")

    def options(self):
        options = super().options()
        at = options.index("--lists")
        return options[:at] + options[at + 2:]


class Resets(Conformance):
    def setUp(self):
        super().setUp()
        self.add_listed(1)
        self.path = self.list_path("tlv-file-1")
        self.assertListed("file-1")

    def reset(self, what, change):
        """Sees that the list is gone after change(), and good once it is back."""
        with self.subTest(what):
            content = judged.read(self.path)
            change()
            self.assertNotListed("file-1")
            write(self.path, content)
            self.assertListed("file-1")

    def test_file_reset(self):
        def cut(path):
            with open(path, "r+b") as file:
                file.truncate(10)

        self.reset("write", lambda: write(self.path, "other"))
        self.reset("truncate", lambda: os.truncate(self.path, 10))
        self.reset("ftruncate", lambda: cut(self.path))
        self.reset("unlink", lambda: os.unlink(self.path))
        away = os.path.join(self.base, "away")
        self.reset("rename", lambda: os.rename(self.path, away))

    def test_file_reset_of_a_hint(self):
        """A hint is not needed: a wrong one does no harm."""
        hint = "security.digest_list"
        for value in (b"tlv-file-1\0", b"tlv-missing", b"../tlv-file-1", b""):
            os.setxattr(self.below("file-1"), hint, value)
            self.assertListed("file-1")
        os.removexattr(self.below("file-1"), hint)
        self.assertListed("file-1")

    def test_file_reset_again(self):
        for _ in range(5):
            os.close(os.open(self.path, os.O_WRONLY))
            self.assertListed("file-1")

    def test_dir_reset(self):
        for number in range(10):
            self.add_listed(number)
        self.add_file("file-10")
        self.assertListed(*(f"file-{i}" for i in range(10)))
        self.assertNotListed("file-10")
        os.unlink(self.list_path("tlv-file-7"))
        self.assertNotListed("file-7")
        away = os.path.join(self.base, "away")
        os.rename(self.list_path("tlv-file-6"), away)
        self.assertNotListed("file-6", "file-7")
        os.rename(away, self.list_path("tlv-file-6"))
        self.assertListed("file-6")
        self.make_list("tlv-file-10", self.below("file-10"))
        self.assertListed("file-10", *(f"file-{i}" for i in range(7)))
        self.assertNotListed("file-7")


class Verification(Conformance):
    def test_verif_data_no_prefetch(self):
        """What was verified of a list stays with that list."""
        for number in (1, 2):
            self.add_listed(number)
        self.add_file("file-3")
        write(self.list_path("tlv-unsigned"),
              list_bytes.tlv([list_bytes.digest("sha256", "file-3")],
                             number=KERNEL_NUMBERS["sha256"]))
        for name in ("file-1", "file-2"):
            self.assertListed(name)
            known, = self.why(name)["lists"]
            self.assertEqual(known["name"], f"tlv-{name}")
            self.assertTrue(known["verified"])
            self.assertTrue(known["signer"]["fingerprint"])
        self.assertNotListed("file-3")
        self.assertEqual(list(self.rejected()), ["tlv-unsigned"])


class OnUse(Conformance):
    """Lists are loaded when they are needed; each file has a hint."""
    OPTIONS = ("--log-order", "on-use")
    PREFETCH = None
    COUNT = 21

    def make_list(self, name, *sources):
        """No other lists than those made below."""

    def setUp(self):
        self.MOUNT = False
        super().setUp()
        for number in range(self.COUNT):
            name = f"file-{number}"
            self.add_file(name)
            self.add_list(self.list_name(number), list_bytes.tlv(
                [list_bytes.digest("sha256", name)],
                number=KERNEL_NUMBERS["sha256"]))
            os.setxattr(self.below(name), "security.digest_list",
                        self.list_name(number).encode() + b"\0")
        if self.PREFETCH:
            os.setxattr(self.lists, "security.dig_prefetch", self.PREFETCH)
        self.mount()

    @staticmethod
    def list_name(number):
        return f"{number}-tlv-file-{number}"

    def measured(self):
        """Returns the numbers of the lists that were read, in order."""
        lines = judged.assayfs("log", "show", self.log).stdout.splitlines()
        names = (os.path.basename(line.split()[-1]) for line in lines)
        return [int(name.partition("-")[0]) for name in names]

    def assertVerified(self, number):
        name = f"file-{number}"
        self.assertListed(name)
        known, = self.why(name)["lists"]
        self.assertEqual(known["name"], self.list_name(number))
        self.assertTrue(known["verified"])


class NoPrefetch(OnUse):
    def test_only_the_list_that_the_hint_names_is_read(self):
        for number in (5, 2, 11):
            self.assertListed(f"file-{number}")
        self.assertEqual(self.measured(), [5, 2, 11])

    def test_without_a_hint_lists_are_read_until_one_knows_the_file(self):
        for number in range(self.COUNT):
            os.removexattr(self.below(f"file-{number}"),
                           "security.digest_list")
        self.assertListed("file-3")
        self.assertEqual(self.measured(), [0, 1, 2, 3])


class Prefetch(OnUse):
    PREFETCH = b"1"

    def test_verif_data_prefetch(self):
        """A list that was read ahead is verified all the same, when used."""
        self.assertVerified(4)
        self.assertEqual(self.status()["lists"]["loaded"], 1)
        self.assertVerified(1)
        self.assertEqual(self.measured(), [0, 1, 2, 3, 4])

    def test_prefetch_sync(self):
        for number in range(2, self.COUNT, 3):
            before = self.measured()
            self.assertListed(f"file-{number}")
            self.assertEqual(self.measured()[len(before):],
                             [number - 2, number - 1, number])

    def test_prefetch_async(self):
        failed = []

        def ask(number):
            try:
                self.assertListed(f"file-{number}")
            except (AssertionError, OSError) as error:
                failed.append((number, error))

        threads = [threading.Thread(target=ask, args=(number,))
                   for number in reversed(range(self.COUNT))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failed, [])
        self.assertEqual(self.measured(), list(range(self.COUNT)))


class Missed(Conformance):
    """Changes that the kernel's digest cache does not see."""

    def setUp(self):
        super().setUp()
        self.add_listed(1)
        self.add_file("file-2")
        # Made, but not where lists are.
        self.others = os.path.join(self.base, "others")
        os.mkdir(self.others)
        self.add_list("tlv-file-2", list_bytes.tlv(
            [list_bytes.digest("sha256", "file-2")],
            number=KERNEL_NUMBERS["sha256"]), self.others)
        self.other = os.path.join(self.others, "tlv-file-2")
        self.assertListed("file-1")
        self.assertNotListed("file-2")

    def assertOther(self):
        self.assertNotListed("file-1")
        self.assertListed("file-2")

    def test_a_list_renamed_over_another(self):
        os.rename(self.other, self.list_path("tlv-file-1"))
        self.assertOther()

    def test_a_hard_link_into_the_folder(self):
        os.link(self.other, self.list_path("tlv-file-2"))
        self.assertListed("file-1", "file-2")

    def test_the_folder_removed(self):
        shutil.rmtree(self.lists)
        self.assertNotListed("file-1")
        os.rename(self.others, self.lists)
        self.assertOther()

    def test_the_folder_swapped(self):
        away = os.path.join(self.base, "away")
        os.rename(self.lists, away)
        os.rename(self.others, self.lists)
        self.assertOther()

    def test_mounted_over(self):
        # Not seen, because the daemon has a mount namespace of its own, where
        # nothing covers the lists either; what is below goes on to count.
        run("mount", "--bind", self.others, self.lists)
        try:
            self.assertListed("file-1")
            self.assertNotListed("file-2")
            assayfs("reload", self.mnt)
            self.assertListed("file-1")
            self.assertNotListed("file-2")
        finally:
            run("umount", self.lists)
        os.rename(self.other, self.list_path("tlv-file-1"))
        self.assertOther()

    def test_a_list_that_could_not_be_read_once(self):
        path = self.list_path("tlv-file-2")
        os.symlink(os.path.join(self.base, "nowhere"), path)
        self.assertNotListed("file-2")
        self.assertIn("tlv-file-2", self.rejected())
        os.unlink(path)
        os.rename(self.other, path)
        self.assertListed("file-1", "file-2")
        self.assertEqual(self.rejected(), {})


class MissedPath(Missed):
    """The path of the lists is a link, which comes to lead somewhere else."""

    def setUp(self):
        self.link = None
        super().setUp()

    def options(self):
        self.link = os.path.join(self.base, "link")
        os.symlink(self.lists, self.link)
        options = super().options()
        options[options.index("--lists") + 1] = self.link
        return options

    def test_a_changed_default_path(self):
        fresh = os.path.join(self.base, "fresh-link")
        os.symlink(self.others, fresh)
        os.rename(fresh, self.link)
        self.assertOther()


if __name__ == "__main__":
    tap.main(judged.needs())
