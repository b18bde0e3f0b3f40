# SPDX-License-Identifier: Apache-2.0
"""The contestants: ways to reach one and the same tree.

Everything runs in a mount and process namespace of its own, so whatever
happens here, the machine keeps neither mounts nor daemons of it.
"""

import contextlib
import json
import os
import shutil
import subprocess
import time

# Seconds; only what is stuck takes so long: what a daemon does at its start
# and end, and what any command may take.
PATIENCE = 120
LIMIT = 900

# Name, options of `assayfs mount`, whether the tree can be written there.
VARIANTS = (
    ("read", ("--enforce-at", "read", "-o", "ro"), False),
    ("open", ("--enforce-at", "open", "--data", "verified"), True),
    ("passthrough", ("--enforce-at", "open", "--data", "passthrough"), True),
    ("off", ("--mode", "off"), True),
)


class Failed(Exception):
    """What was tried did not work; the message is one line."""


def run(*command, **options):
    """Runs a command; returns what it printed. Errors: Failed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            check=False, **{"timeout": LIMIT, **options})
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(str(error)) from None
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Failed(said[-1] if said else
                     f"{command[0]} ended with {done.returncode}")
    return done.stdout


class Bare:
    """The tree itself, and what all contestants have in common."""
    name = "bare"
    writable = True
    ours = False

    def __init__(self, root):
        self.root = root

    def at(self, *names):
        return os.path.join(self.root, *names)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Mount(Bare):
    """A contestant that is mounted at a folder of its own."""

    def __init__(self, name, point, command, writable=True):
        super().__init__(point)
        self.name = name
        self.command = command
        self.writable = writable

    def __enter__(self):
        os.makedirs(self.root, exist_ok=True)
        run(*self.command, timeout=PATIENCE)
        if not os.path.ismount(self.root):
            raise Failed(f"{self.name}: nothing was mounted")
        return self

    def __exit__(self, *_):
        unmount(self.root)


class Assayfs(Mount):
    """An assayfs mount; the daemon is in the background when it is entered."""
    ours = True

    def __init__(self, bench, variant, point, lower, lists, more=()):
        name, options, writable = variant
        self.program = bench.assayfs
        self.control, self.log = point + ".sock", point + ".log"
        super().__init__(name, point, (
            self.program, "mount", "--lists", lists, "--keys", bench.cert,
            "--log-file", self.log, "--control", self.control,
            *(more or ("--tpm", "off")), *options, lower, point), writable)

    def __enter__(self):
        super().__enter__()
        self.pid = self.status()["pid"]
        return self

    def __exit__(self, *_):
        super().__exit__()
        with contextlib.suppress(Failed, FileNotFoundError):
            wait_until(lambda: has_ended(self.pid))
            os.unlink(self.log)  # the next TPM has not seen its records

    def status(self):
        return json.loads(run(self.program, "status", "--json", "--control",
                              self.control, self.root))

    def memory_bytes(self):
        """Returns the daemon's memory that is in no file."""
        with open(f"/proc/{self.pid}/status") as lines:
            for line in lines:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        raise Failed("the kernel does not say RssAnon")


def unmount(point):
    """Takes a mount away, and waits for those who are still in it."""
    for _ in range(50):
        if not os.path.ismount(point):
            return
        if subprocess.run(("umount", point), check=False,
                          capture_output=True).returncode != 0:
            time.sleep(0.1)
    subprocess.run(("umount", "-l", point), check=False, capture_output=True)


def has_ended(pid):
    """Says whether a daemon is gone; where we are init, it is our child."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not os.path.exists(f"/proc/{pid}")


def wait_until(holds):
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise Failed("it did not happen")
        time.sleep(0.01)


def peers(bench):
    """The other file systems that show a folder elsewhere."""
    yield Mount("bindfs", bench.point("bindfs"),
                ("bindfs", bench.lower, bench.point("bindfs")))
    upper, work = bench.folder("upper"), bench.folder("upper-work")
    yield Mount("fuse-overlayfs", bench.point("fuse-overlayfs"), (
        "fuse-overlayfs", "-o",
        f"lowerdir={bench.lower},upperdir={upper},workdir={work}",
        bench.point("fuse-overlayfs")))


def contestants(bench, stack):
    """Mounts everything that can be; returns it, the bare tree first."""
    ready = [Bare(bench.lower)]
    candidates = [Assayfs(bench, variant, bench.point(variant[0]),
                          bench.lower, bench.lists) for variant in VARIANTS]
    for one in (*candidates, *peers(bench)):
        try:
            ready.append(stack.enter_context(one))
        except Failed as why:
            bench.note(f"{one.name} is skipped: {why}")
    return ready


FAPOLICYD = """permissive = 0
nice_val = 0
q_size = 640
uid = root
gid = root
do_stat_report = 0
detailed_report = 0
db_max_size = 50
subj_cache_size = 1549
obj_cache_size = 8191
watch_fs = tmpfs
trust = file
integrity = none
"""


class Fapolicyd(Bare):
    """A copy of some files on a tmpfs, watched by fapolicyd.

    It allows everything, which is the least that it can cost.
    """
    name = "fapolicyd"

    def __init__(self, bench, names):
        super().__init__(bench.point("fapolicyd"))
        self.bench = bench
        self.names = names
        self.daemon = None

    def __enter__(self):
        if not shutil.which("fapolicyd"):
            raise Failed("it is not installed")
        os.makedirs(self.root, exist_ok=True)
        run("mount", "-t", "tmpfs", "none", self.root)
        try:
            self._start()
        except (Failed, OSError):
            self.__exit__()
            raise
        return self

    def _start(self):
        for name in self.names:
            shutil.copytree(os.path.join(self.bench.lower, name),
                            self.at(name))
        self._settle()
        self.log = open(self.bench.folder("fapolicyd") + "/log", "w")
        self.daemon = subprocess.Popen(
            ("fapolicyd", "--debug-deny"), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        wait_until(self._listens)

    def _settle(self):
        """Puts our own settings where it looks for its own."""
        for name in ("/etc/fapolicyd", "/var/lib/fapolicyd", "/run/fapolicyd"):
            own = self.bench.folder("fapolicyd" + name)
            os.makedirs(name, exist_ok=True)
            run("mount", "--bind", own, name)
        for name, content in (("fapolicyd.conf", FAPOLICYD),
                              ("fapolicyd.trust", ""),
                              ("fapolicyd.rules", "allow perm=any all : all\n"),
                              ("compiled.rules", "allow perm=any all : all\n")):
            with open("/etc/fapolicyd/" + name, "w") as file:
                file.write(content)

    def _listens(self):
        with open(self.log.name) as log:
            said = log.read()
        if self.daemon.poll() is not None:
            raise Failed(said.strip().splitlines()[-1])
        return "Starting to listen" in said

    def __exit__(self, *_):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait(PATIENCE)
            self.log.close()
        unmount(self.root)
