# SPDX-License-Identifier: Apache-2.0
"""Tells who asked a daemon for something, from its first request on."""

import os
import re
import shutil
import struct

import judged
from judged import read


class Askers:
    """Watches the daemon that a case, a judged.Judged, is about to start.

    strace shows the head of each request; its word at 4 is the kind, the one
    at 32 the asking thread. Skips the case where there is no strace.
    """

    def __init__(self, case):
        if not shutil.which("strace"):
            case.skipTest("needs strace")
        judged.look_for_no_leaks(case)
        self.trace = os.path.join(case.base, "trace")
        case.STARTER = ("strace", "-D", "-f", "--seccomp-bpf", "-qq", "-xx",
                        "-s", "40", "-e", "trace=read", "-P", "/dev/fuse",
                        "-o", self.trace)
        self.threads = set()
        self.tracer = None
        self.kinds = []  # of the requests, once there is a result

    def note_threads(self, pid):
        """Notes the threads that the daemon has now, and who traces it."""
        self.threads |= {int(t) for t in os.listdir(f"/proc/{pid}/task")}
        status = read(f"/proc/{pid}/status").decode()
        self.tracer = int(re.search(r"TracerPid:\t(\d+)", status)[1])

    def result(self):
        """Returns who asked, one for each request, and those of them that are
        the daemon's own threads. The daemon must have ended.
        """
        judged.wait_until(lambda: not os.path.exists(f"/proc/{self.tracer}"))
        askers = []
        with open(self.trace, encoding="ascii") as lines:
            for line in lines:
                self.threads.add(int(line.split()[0]))
                found = re.search(r'"((?:\\x[0-9a-f]{2}){40})"', line)
                if found:
                    header = bytes.fromhex(found[1].replace("\\x", ""))
                    self.kinds.append(struct.unpack_from("=I", header, 4)[0])
                    askers.append(struct.unpack_from("=I", header, 32)[0])
        return askers, [asker for asker in askers if asker in self.threads]
