#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`lists sign` with a key in a token, as somebody at a terminal runs it.

SoftHSM plays the token; p11-kit knows its module.
"""

import os
import pty
import shutil
import sys
import tempfile
import termios
import unittest

TESTS = os.path.dirname(os.path.abspath(__file__)).partition("/unit/")[0]
sys.path.insert(0, os.path.join(TESTS, "mount"))

# pylint: disable=wrong-import-position
import tap
from judged import ASSAYFS, assayfs, read, run, wait_until, write

PIN = "271828"
URI = "pkcs11:token=site;object=signing;type=private"


def needs():
    for program in ("openssl", "softhsm2-util"):
        if not shutil.which(program):
            return f"needs {program}; run scripts/install-deps.sh check"
    return None


def run_at_terminal(*command, typed):
    """Runs a command on a terminal of its own, and types a line once it reads
    without echo. Returns the exit status and what the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    wait_until(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO)
    os.write(terminal, typed.encode() + b"\n")
    shown = b""
    try:
        while piece := os.read(terminal, 4096):
            shown += piece
    except OSError:
        pass  # how the end of a terminal is told
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


class TokenSign(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assayfs-token-")
        self.addCleanup(folder.cleanup)
        self.base = folder.name
        self.cert = self.path("cert.pem")
        self.make_token()
        self.lists = []
        for name in ("one", "two"):
            write(self.path(name), name)
            assayfs("lists", "gen", "-o", self.path("lists"), self.path(name))
            self.lists.append(self.path(f"lists/tlv-{name}"))

    def path(self, name):
        return os.path.join(self.base, name)

    def make_token(self):
        os.mkdir(self.path("tokens"))
        write(self.path("conf"), f"directories.tokendir = {self.path('tokens')}"
                                 "\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = self.path("conf")
        run("softhsm2-util", "--init-token", "--free", "--label", "site",
            "--pin", PIN, "--so-pin", "31415926")
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=token", "-keyout", self.path("key"), "-out", self.cert)
        run("softhsm2-util", "--import", self.path("key"), "--token", "site",
            "--label", "signing", "--id", "01", "--pin", PIN)
        os.unlink(self.path("key"))

    def sign(self, uri):
        return ("lists", "sign", "--key", uri, "--cert", self.cert, *self.lists)

    def assert_all_verified(self):
        done = assayfs("lists", "check", "--keys", self.cert, *self.lists)
        self.assertIn("2 verified, 0 refused", done.stdout)

    def test_a_pin_typed_once_signs_all_lists_and_is_not_shown(self):
        status, shown = run_at_terminal(ASSAYFS, *self.sign(URI), typed=PIN)
        self.assertEqual(status, 0, shown)
        self.assertEqual(shown.count('PIN of the token "site"'), 1)
        self.assertIn("2 lists signed", shown)
        self.assertNotIn(PIN, shown)
        self.assert_all_verified()

    def test_a_pin_in_a_file_signs_without_a_question(self):
        write(self.path("pin"), PIN + "\n")
        done = assayfs(*self.sign(f"{URI}?pin-source=file:{self.path('pin')}"))
        self.assertEqual((done.stdout, done.stderr), ("2 lists signed\n", ""))
        self.assert_all_verified()

    def test_a_wrong_pin_leaves_the_lists_alone(self):
        before = [read(path) for path in self.lists]
        done = assayfs(*self.sign(f"{URI}?pin-value=161803"), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("wrong PIN", done.stderr)
        self.assertNotIn("161803", done.stdout + done.stderr)
        self.assertEqual([read(path) for path in self.lists], before)


if __name__ == "__main__":
    tap.main(needs())
