# SPDX-License-Identifier: Apache-2.0
"""Counts the requests that a call waits for, as the kernel sends them."""

import contextlib
import os
import re
import time

from mounts import Failed, run

# Nobody waits for the answer to these.
NOT_WAITED_FOR = {"FUSE_FORGET", "FUSE_BATCH_FORGET", "FUSE_RELEASE",
                  "FUSE_RELEASEDIR", "FUSE_INTERRUPT"}


def open_close(root):
    os.close(os.open(root + "/calls/0", os.O_RDONLY))


def open_read_close(root):
    fd = os.open(root + "/calls/0", os.O_RDONLY)
    os.read(fd, 4096)
    os.close(fd)


def missing(root):
    with contextlib.suppress(FileNotFoundError):
        os.stat(root + "/calls/no-such-name")


CALLS = {
    "open+close": open_close,
    "open+read+close": open_read_close,
    "stat": lambda root: os.stat(root + "/calls/0"),
    "readdir": lambda root: os.listdir(root + "/calls"),
    "readlink": lambda root: os.readlink(root + "/calls/link"),
    "missing name": missing,
}


class Tracer:
    """An instance of the kernel's tracing, of one connection only."""

    def __init__(self, bench):
        top = "/sys/kernel/tracing"
        if not os.path.isdir(top + "/instances"):
            top = bench.folder("tracing")
            run("mount", "-t", "tracefs", "none", top)
        self.folder = top + "/instances/assayfs-bench"
        self.event = self.folder + "/events/fuse/fuse_request_send/"

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        if not os.path.isdir(self.event):
            self.__exit__()
            raise Failed("the kernel has no event for FUSE requests")
        return self

    def __exit__(self, *_):
        os.rmdir(self.folder)

    def _set(self, path, value):
        with open(path, "w") as file:
            file.write(value)

    def count(self, root, call):
        """Returns the names of the requests that call(root) waited for."""
        self._set(self.event + "filter",
                  f"connection == {os.minor(os.stat(root).st_dev)}")
        for _ in range(3):
            call(root)  # what is learned once is not counted
        time.sleep(0.02)
        self._set(self.folder + "/trace", "")
        self._set(self.event + "enable", "1")
        call(root)
        self._set(self.event + "enable", "0")
        with open(self.folder + "/trace") as file:
            sent = re.findall(r"\((FUSE_\w+)\)", file.read())
        return [name for name in sent if name not in NOT_WAITED_FOR]


def trips(bench):
    """Round trips of warm calls; they do not depend on the machine."""
    try:
        with Tracer(bench) as tracer:
            for one in bench.contestants[1:]:
                for name, call in CALLS.items():
                    sent = tracer.count(one.root, call)
                    bench.add("trips", f"round trips: {name}", "trips",
                              one.name, len(sent), base=None)
    except (Failed, OSError) as why:
        bench.note(f"round trips are not counted: {why}")
