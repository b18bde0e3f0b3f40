# SPDX-License-Identifier: Apache-2.0
"""Adds the digest lists of packages before dnf installs them.

The lists of what a transaction installs are verified and added before its
first file lands; those that are there count until it is over. If dnf dies in
between, all of them count until that update is settled by hand.
"""

import logging
import os
import subprocess
import time

import dnf
import dnf.exceptions

logger = logging.getLogger("dnf.plugin.assayfs")


class Assayfs(dnf.Plugin):
    """See assayfs-lists(1). Configured by assayfs.conf, section [main].

    lists: the folder; keys: paths, with blanks in between; revoked: a path.
    Defaults: those of `assayfs lists update`. root: the installroot whose
    packages the lists are of, "/" if it is not given; transactions of another
    one are left alone.
    """

    name = "assayfs"

    def config(self):
        """Reads the settings."""
        parser = self.read_config(self.base.conf)

        def setting(name):
            if not parser.has_section("main"):
                return []
            if not parser.has_option("main", name):
                return []
            return parser.get("main", name).split()
        self.root = (setting("root") or ["/"])[0]
        self.id = f"--id=dnf-{os.getpid()}-{time.time_ns()}"
        self.lists = [f"--lists={path}" for path in setting("lists")[:1]]
        self.trust = [f"--keys={path}" for path in setting("keys")]
        self.trust += [f"--revoked={path}" for path in setting("revoked")[:1]]

    def update_lists(self, *words):
        """Calls `assayfs lists update`, if the transaction is about the root.

        Its failure is one of dnf.
        """
        if not os.path.samefile(self.base.conf.installroot, self.root):
            return
        try:
            done = subprocess.run(
                ["assayfs", "lists", "update", self.id, *self.lists, *words],
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False)
        except OSError as error:
            raise dnf.exceptions.Error(f"assayfs: {error.strerror}") from error
        if done.returncode != 0:
            raise dnf.exceptions.Error(done.stderr.strip())
        logger.info("Digest lists: %s", done.stdout.strip())

    def pre_transaction(self):
        """Adds lists. Nothing is installed if one of them is refused."""
        packages = [package.localPkg()
                    for package in self.base.transaction.install_set]
        self.update_lists("--begin", *self.trust,
                          f"--root={self.base.conf.installroot}", *packages)
        logger.info("Digest lists: if this is interrupted, they count until: "
                    "assayfs lists update --end %s",
                    " ".join([self.id, *self.lists]))

    def transaction(self):
        """Settles which lists stay."""
        self.update_lists("--end")
