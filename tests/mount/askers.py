# SPDX-License-Identifier: Apache-2.0
"""Tells who asked a daemon for something, from its first request on."""

import os
import re
import struct
import time

from judged import PATIENCE, read, write


class Askers:
    """Watches a daemon that is started with program() instead of itself.

    strace shows the head of each request; its word at 32 is the asking
    thread.
    """

    def __init__(self, folder, assayfs):
        self.trace = os.path.join(folder, "trace")
        self.wrapper = os.path.join(folder, "traced-assayfs")
        write(self.wrapper,
              "#!/bin/sh\nexec strace -D -f --seccomp-bpf -qq -xx -s 40 "
              f"-e trace=read -P /dev/fuse -o '{self.trace}' '{assayfs}' "
              '"$@"\n')
        os.chmod(self.wrapper, 0o755)
        self.threads = set()
        self.tracer = None

    def program(self):
        """Returns what to start; it becomes the daemon, with the same id."""
        return self.wrapper

    def note_threads(self, pid):
        """Notes the threads that the daemon has now, and who traces it."""
        self.threads |= {int(t) for t in os.listdir(f"/proc/{pid}/task")}
        status = read(f"/proc/{pid}/status").decode()
        self.tracer = int(re.search(r"TracerPid:\t(\d+)", status)[1])

    def result(self):
        """Returns askers, one for each request, and the daemon's threads.

        The daemon must have ended.
        """
        for _ in range(PATIENCE * 100):
            if not os.path.exists(f"/proc/{self.tracer}"):
                break
            time.sleep(0.01)
        askers = []
        with open(self.trace, encoding="ascii") as lines:
            for line in lines:
                self.threads.add(int(line.split()[0]))
                found = re.search(r'"((?:\\x[0-9a-f]{2}){40})"', line)
                if found:
                    header = bytes.fromhex(found[1].replace("\\x", ""))
                    askers.append(struct.unpack_from("=I", header, 32)[0])
        return askers, self.threads
