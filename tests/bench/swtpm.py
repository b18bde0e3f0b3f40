# SPDX-License-Identifier: Apache-2.0
"""A software TPM that may be as slow as one that is a chip."""

import os
import shutil
import socket
import subprocess
import threading
import time

from mounts import PATIENCE, Failed, wait_until

PCR_EXTEND = (0x182).to_bytes(4, "big")  # TPM 2.0 part 2, TPM_CC


def receive(connection):
    """Returns one command or response; nothing at the end."""
    message = connection.recv(4096)
    # Tag (2 bytes), size of the whole (4), code (4).
    while 0 < len(message) and (len(message) < 10 or len(message) <
                                int.from_bytes(message[2:6], "big")):
        more = connection.recv(4096)
        if not more:
            return b""
        message += more
    return message


class Swtpm:
    """Runs within a with statement; tcti says how to reach it.

    extend_s: how much longer each extend takes.
    """

    def __init__(self, folder, extend_s):
        self.folder = folder
        self.extend_s = extend_s
        self.inner = os.path.join(folder, "inner")
        self.outer = os.path.join(folder, "outer")
        self.tcti = f"swtpm:path={self.outer}"

    def __enter__(self):
        if not shutil.which("swtpm"):
            raise Failed("swtpm is not installed")
        self.daemon = subprocess.Popen(
            ("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}",
             "--server", f"type=unixio,path={self.inner}",
             "--ctrl", f"type=unixio,path={self.inner}.ctrl",
             "--flags", "not-need-init,startup-clear"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.inner + ".ctrl"))
        os.symlink(self.inner + ".ctrl", self.outer + ".ctrl")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.outer)
        self.listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.daemon.terminate()
        self.daemon.wait(PATIENCE)
        shutil.rmtree(self.folder)

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._relay, args=(connection,),
                             daemon=True).start()

    def _relay(self, connection):
        with connection, socket.socket(socket.AF_UNIX) as inner:
            inner.connect(self.inner)
            while command := receive(connection):
                inner.sendall(command)
                response = receive(inner)
                if command[6:10] == PCR_EXTEND:
                    time.sleep(self.extend_s)
                connection.sendall(response)
