# SPDX-License-Identifier: Apache-2.0
"""A tree, signed digest lists for it, and a mount of it, for one test.

The program under test is named by ASSAYFS. Signatures are made by openssl
with a key of this run.
"""

import errno
import functools
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import list_bytes

ASSAYFS = os.environ.get("ASSAYFS", "assayfs")
# Longest wait for something that has to happen; reached only if it does not.
PATIENCE = 120
# Memory and leaks are not what they are in a program as it is shipped.
SANITIZED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ


def needs():
    """Returns why these tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/dev/fuse"):
        return "needs /dev/fuse"
    if not shutil.which("openssl"):
        return "needs openssl"
    return None


def run(*command, check=True, **options):
    """Runs a command; returns it with stdout and stderr as text."""
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, **options)
    if check and done.returncode != 0:
        raise AssertionError(
            f"{command} ended with {done.returncode}: {done.stderr}")
    return done


def assayfs(*arguments, check=True, **options):
    return run(ASSAYFS, *arguments, check=check, **options)


@functools.cache
def signing_key():
    """Returns the paths of a fresh key and certificate, kept for this run."""
    folder = tempfile.TemporaryDirectory(prefix="assayfs-keys-")
    signing_key.folder = folder  # removed when the program ends
    key, cert = (os.path.join(folder.name, n) for n in ("key", "cert.pem"))
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "2", "-subj", "/CN=assayfs test", "-keyout", key, "-out", cert)
    return key, cert


def write(path, content):
    """Writes content in place, without truncating first if it exists."""
    if isinstance(content, str):
        content = content.encode()
    with open(path, "wb") as file:
        file.write(content)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def wait_until(holds):
    """Waits for what the kernel or the daemon does a moment later."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError("it did not happen")
        time.sleep(0.01)


def is_mounted(path):
    """Says whether something is mounted at path, and be it dead."""
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return os.path.ismount(path)


def look_for_no_leaks(case):
    """Turns LeakSanitizer off in programs started by this case.

    It cannot work in a process that is traced, or that has left the file
    system or the process namespace that it began in.
    """
    before = os.environ.get("ASAN_OPTIONS")
    os.environ["ASAN_OPTIONS"] = f"{before or ''}:detect_leaks=0"

    def restore():
        if before is None:
            del os.environ["ASAN_OPTIONS"]
        else:
            os.environ["ASAN_OPTIONS"] = before
    case.addCleanup(restore)


class Judged(unittest.TestCase):
    """Sets up TREE with some files, LISTS with one list, and a mount MNT."""

    FILES = {"bin/hello": "#!/bin/sh\necho hello\n", "data": "data\n",
             "big": "0123456789abcdef" * 65536}
    OPTIONS = ()
    MOUNT = True
    STARTER = ()  # a program that becomes the daemon, such as prlimit

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assayfs-mount-")
        self.addCleanup(folder.cleanup)
        self.base = folder.name
        os.chmod(self.base, 0o755)
        self.tree, self.lists, self.mnt = (
            os.path.join(self.base, n) for n in ("tree", "lists", "mnt"))
        for path in (self.tree, self.lists, self.mnt):
            os.mkdir(path)
        self.log = os.path.join(self.base, "measurements")
        self.control = os.path.join(self.base, "control.sock")
        self.daemon = None
        self.key, self.cert = signing_key()
        for name, content in self.FILES.items():
            path = os.path.join(self.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, content)
            os.chmod(path, 0o755)
        self.make_list("tlv-base", self.tree)
        if self.MOUNT:
            self.mount()

    def make_list(self, name, *sources):
        """Makes and signs a TLV list of files and folders."""
        where = tempfile.mkdtemp(dir=self.base)
        assayfs("lists", "gen", "--format", "tlv", "--name",
                name.partition("tlv-")[2], "--root", self.tree, "-o", where,
                *sources)
        made, = os.listdir(where)
        made = os.path.join(where, made)
        assayfs("lists", "sign", "--key", self.key, "--cert", self.cert, made)
        os.rename(made, os.path.join(self.lists, name))

    def add_list(self, name, content, where=None):
        """Signs a list, and puts it where lists are as one that is whole.

        Not with our own tool, which signs no list that is broken.
        """
        fresh = os.path.join(self.base, name)
        write(fresh, content)
        run("openssl", "cms", "-sign", "-binary", "-noattr", "-nocerts",
            "-outform", "DER", "-signer", self.cert, "-inkey", self.key,
            "-in", fresh, "-out", fresh + ".cms")
        write(fresh, list_bytes.with_signature(content,
                                               read(fresh + ".cms")))
        os.rename(fresh, os.path.join(where or self.lists, name))

    def options(self):
        return ["--lists", self.lists, "--keys", self.cert, "--tpm", "off",
                "--log-file", self.log, "--control", self.control,
                *self.OPTIONS]

    def mount(self, *more, lower=None, point=None):
        """Starts the daemon in the foreground and waits for the mount."""
        point = point or self.mnt
        self.errors = tempfile.TemporaryFile(mode="w+")
        # The daemon tells systemd that the mount can be used; so we stand in.
        notify = os.path.join(self.base, "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listen:
            listen.bind(notify)
            listen.settimeout(PATIENCE)
            self.daemon = subprocess.Popen(
                [*self.STARTER, ASSAYFS, "mount", "-f", *self.options(), *more,
                 lower or self.tree, point],
                stderr=self.errors, env={**os.environ,
                                         "NOTIFY_SOCKET": notify})
            self.addCleanup(self.unmount, point)
            listen.settimeout(1)
            for _ in range(PATIENCE):
                try:
                    if b"READY=1" in listen.recv(4096):
                        break
                except socket.timeout:
                    if self.daemon.poll() is not None:
                        raise AssertionError(self.stderr()) from None
        os.unlink(notify)

    def stderr(self):
        self.errors.flush()
        self.errors.seek(0)
        return self.errors.read()

    def unmount(self, point=None):
        """Stops the daemon, if it runs, and takes the mount away.

        A daemon that died before, unless it was killed, is a failure.
        """
        status = self.daemon and self.daemon.poll()
        if self.daemon and status is None:
            self.daemon.send_signal(signal.SIGTERM)
            status = self.daemon.wait(PATIENCE)
        while is_mounted(point or self.mnt):
            run("umount", "-l", point or self.mnt)
        self.assertIn(status, (None, 0, -signal.SIGKILL), self.stderr())

    def below(self, name):
        return os.path.join(self.tree, name)

    def at(self, name):
        return os.path.join(self.mnt, name)

    def why(self, name, *options):
        done = assayfs("why", "--json", *options, self.at(name), check=False)
        return json.loads(done.stdout)

    def status(self):
        return json.loads(assayfs("status", "--json", self.mnt).stdout)

    def assertDenied(self, path):
        with self.assertRaises(PermissionError):
            read(path)

    def assertReads(self, path, content):
        if isinstance(content, str):
            content = content.encode()
        self.assertEqual(read(path), content)


def sha256(content):
    if isinstance(content, str):
        content = content.encode()
    return hashlib.sha256(content).hexdigest()
