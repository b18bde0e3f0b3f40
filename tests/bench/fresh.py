# SPDX-License-Identifier: Apache-2.0
"""Workloads that need mounts of their own, with nothing remembered."""

import os
import shutil
import time

import tree
from bench import seconds
from mounts import PATIENCE, VARIANTS, Bare, Failed, run

MADE_FILES = 66  # files in each list that is made: the mean of a distribution
OPEN = next(one for one in VARIANTS if one[0] == "open")


def usable(bench, names=None):
    """The variants that could be mounted, of those named."""
    ready = {one.name for one in bench.contestants if one.ours}
    return [one for one in VARIANTS
            if one[0] in ready and (names is None or one[0] in names)]


class Fresh:
    """A variant as a contestant, to be mounted anew by each measurement."""

    def __init__(self, variant):
        self.name = variant[0]
        self.variant = variant


def names_file(bench, root, part, every=1):
    """Writes the paths of a part's files as seen from root, one a line."""
    path = os.path.join(bench.work, "names")
    folder = os.path.join(bench.lower, part)
    with open(path, "w") as file:
        for name in tree.file_names(folder)[::every]:
            file.write(os.path.join(root, part, name) + "\n")
    return path


def first(bench):
    """Every file is read once by a mount that has seen none; pages below are
    cached."""
    bare_names = names_file(bench, bench.lower, "first")
    bare_names = shutil.move(bare_names, bare_names + "-bare")
    bench.calls_seconds("readall", 2, bare_names)

    def measure(one, threads):
        if one.name == "sha256sum":
            return seconds(lambda: run(
                "sh", "-ec", 'xargs -d "\\n" -P "$2" -n 500 sha256sum <"$1" '
                ">/dev/null", "sh", bare_names, str(threads)))
        if one.name == "bare":
            return bench.calls_seconds("readall", threads, bare_names)
        with bench.mount(one.variant) as mounted:
            names = names_file(bench, mounted.root, "first")
            return bench.calls_seconds("readall", threads, names)

    sha256sum = Bare(bench.lower)
    sha256sum.name = "sha256sum"
    for threads in (1, 2):
        plural = "s" if threads > 1 else ""
        bench.compare("first", f"first pass, {threads} thread{plural}", "s",
                      lambda one: measure(one, threads),
                      [sha256sum, Bare(bench.lower),
                       *map(Fresh, usable(bench))],
                      base="sha256sum", warm_up=False)


def can_read(path):
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except PermissionError:
        return False


def wait_for(answer, path):
    end = time.monotonic() + PATIENCE
    while can_read(path) != answer:
        if time.monotonic() > end:
            raise Failed("the change of lists was not noticed")


def change(bench):
    """A list is taken away while many verdicts are remembered."""
    for variant in usable(bench, ("read", "open", "passthrough")):
        lists = bench.folder("lists-change-" + variant[0])
        for name in ("tlv-many", "tlv-gone"):
            shutil.copy(os.path.join(bench.lists, name), lists)
        with bench.mount(variant, lists=lists) as mounted:
            bench.calls_seconds("readall", 2,
                                names_file(bench, mounted.root, "many"))
            change_lists(bench, mounted, lists)


def change_lists(bench, mounted, lists):
    gone, path = os.path.join(lists, "tlv-gone"), mounted.at("gone/file")
    aside = lists + "-aside"
    some = names_file(bench, mounted.root, "many", every=20)
    for _ in range(bench.runs):
        wait_for(True, path)
        before = mounted.status()["verdicts"]["hashed_files"]
        start = time.perf_counter()
        os.rename(gone, aside)
        wait_for(False, path)
        bench.add("change", "list change", "ms", mounted.name,
                  (time.perf_counter() - start) * 1000, base=None)
        bench.calls_seconds("readall", 2, some)
        after = mounted.status()["verdicts"]["hashed_files"]
        bench.add("change", "list change, hashed again", "files",
                  mounted.name, after - before, base=None)
        os.rename(aside, gone)


def made_lists(bench, count, files=MADE_FILES):
    """Returns a folder of so many signed lists of files; made once."""
    name = f"made-{count}-{files}"
    if not os.path.exists(os.path.join(bench.work, name)):
        run(bench.program("make-lists"), bench.key, bench.cert,
            bench.folder(name), str(count), str(files))
    return os.path.join(bench.work, name)


def start(bench):
    """From the command to a mount that can be used."""
    empty = bench.folder("empty")
    for count in (300, 2000, 10000):
        lists = made_lists(bench, count)

        def measure(_):
            mount = bench.mount(OPEN, lower=empty, lists=lists)
            began = time.perf_counter()
            with mount:
                took = time.perf_counter() - began
                loaded = mount.status()["lists"]["loaded"]
            if loaded != count:
                raise Failed(f"only {loaded} of {count} lists were loaded")
            return took * 1000
        bench.compare("start", f"start, {count:,} lists", "ms", measure,
                      [Fresh(OPEN)], base=None, warm_up=False)


def memory(bench):
    """What the daemon's memory grows by."""
    def grown(mounted, use):
        before = mounted.memory_bytes()
        use(mounted)
        return mounted.memory_bytes() - before

    with bench.mount(OPEN) as mounted:
        bytes_of_names = grown(mounted, lambda one: run(
            "find", one.at("many"), "-size", "+1000k"))
        inodes = int(run("sh", "-c", 'find "$1" | wc -l', "sh",
                         os.path.join(bench.lower, "many")))
        bench.add("memory", "memory, one inode", "B", "open",
                  bytes_of_names / inodes, base=None)
        # Of content that no list knows, so that it is hashed and not read.
        unknown = bench.lower + "/big/unknown"
        with open(unknown, "wb") as file:
            for number in range(bench.sizes.big >> 20):
                file.write(tree.content(-1 - number, 1 << 20))
        tags = grown(mounted, lambda one: can_read(one.at("big/unknown")))
        os.unlink(unknown)
        bench.add("memory", "memory, block tags", "% of bytes", "open",
                  100 * tags / bench.sizes.big, base=None)

    def lists_bytes(count, files):
        with bench.mount(OPEN, lower=bench.folder("empty"),
                         lists=made_lists(bench, count, files)) as mounted:
            return mounted.memory_bytes()

    in_large = 10 * MADE_FILES
    some, large = lists_bytes(100, in_large), lists_bytes(1000, in_large)
    path_bytes = len("/usr/share/made/123456")
    bench.add("memory", "memory, one digest", "B", "open",
              (large - some) / (900 * in_large) - path_bytes, base=None)
    # As many digests, in more lists.
    bench.add("memory", "memory, one list", "B", "open",
              (lists_bytes(10000, MADE_FILES) - large) / 9000, base=None)
