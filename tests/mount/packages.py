# SPDX-License-Identifier: Apache-2.0
"""RPM packages that tests build and sign, and roots to install them into."""

import os
import shutil
import tempfile

from judged import run, write

KEY_NAME = "assayfs package test"


def needs():
    """Returns why packages cannot be made here, or None."""
    if os.geteuid() != 0:
        return "needs root"
    for program in ("rpm", "rpmbuild", "rpmsign", "gpg"):
        if not shutil.which(program):
            return f"needs {program}"
    return None


def rpm(root, *words, **options):
    return run("rpm", "--root", root, "--dbpath", "/var/lib/rpm", *words,
               **options)


class Maker:
    """A signing key, and the packages made with it. Call remove at the end.

    There is one at a time: gpg finds its keys by the environment.
    """

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="assayfs-packages-")
        self.rpms = self.at("rpms")
        os.mkdir(self.rpms)
        os.environ["GNUPGHOME"] = self.at("gnupg")
        os.mkdir(self.at("gnupg"), 0o700)
        self.key = self.add_key(KEY_NAME)

    def at(self, name):
        return os.path.join(self.folder, name)

    def add_key(self, name):
        """Makes another key, which signs nothing; returns its certificate."""
        run("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback",
            "--passphrase", "", "--quick-gen-key", name, "rsa2048", "sign",
            "never")
        path = self.at(name.replace(" ", "-") + ".asc")
        write(path, run("gpg", "--batch", "--armor", "--export", name).stdout)
        return path

    def _rpmbuild(self, spec, file_names):
        write(self.at("some.spec"), spec)
        run("rpmbuild", "-bb", "--quiet", "--nodeps",
            "--define", "_topdir " + self.at("build"),
            "--define", "_rpmdir " + self.rpms,
            "--define", "_build_name_fmt " + file_names,
            "--define", "_binary_filedigest_algorithm 8",
            "--define", "_binary_payload w1.gzdio",
            "--define", "__spec_install_post %{nil}",
            "--define", "debug_package %{nil}", self.at("some.spec"))

    def _sign(self, *packages):
        run("rpmsign", "--define", "__gpg /usr/bin/gpg", "--define",
            "_gpg_name " + KEY_NAME, "--addsign", *packages)

    def build(self, name, spec, signed=True):
        """Builds one package; returns its path, which ends in NAME.rpm."""
        self._rpmbuild(spec, name + ".rpm")
        package = os.path.join(self.rpms, name + ".rpm")
        if signed:
            self._sign(package)
        return package

    def build_all(self, spec):
        """Builds all packages of a spec; returns their paths, sorted."""
        before = set(os.listdir(self.rpms))
        self._rpmbuild(spec, "%%{NAME}.rpm")
        packages = [os.path.join(self.rpms, name) for name in
                    sorted(set(os.listdir(self.rpms)) - before)]
        self._sign(*packages)
        return packages

    def remove(self):
        run("gpgconf", "--kill", "all", check=False)
        shutil.rmtree(self.folder)


def small_root(top):
    """Makes a root folder with a shell and touch."""
    for name in ("bin", "etc", "tmp", "usr/share", "var/lib/rpm"):
        os.makedirs(os.path.join(top, name))
    wanted = set()
    for program, names in (("bash", ("bash", "sh")), ("touch", ("touch",))):
        path = os.path.realpath(shutil.which(program))
        for name in names:
            shutil.copy(path, os.path.join(top, "bin", name))
        wanted |= {word for word in run("ldd", path).stdout.split()
                   if word.startswith("/")}
    for library in wanted:
        os.makedirs(top + os.path.dirname(library), exist_ok=True)
        shutil.copy(os.path.realpath(library), top + library)
    write(os.path.join(top, "etc/passwd"), "root:x:0:0::/:/bin/sh\n")
    write(os.path.join(top, "etc/group"), "root:x:0:\n")
