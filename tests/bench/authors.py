# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the Integrity Digest Cache's authors, rebuilt.

Random picks among many tiny files, in two passes with cold caches: appraised
and measured by lists, against each file for itself.
"""

import os
import random
import time

import swtpm
from bench import drop_caches, seconds
from mounts import Failed, run

LISTS = 303
PARALLEL = 16  # threads where all opens are begun at once
PHYSICAL_S = 0.0058  # what one extend takes in a physical TPM
P384 = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384")


def picks(count):
    """Returns a sequence of numbers; those that occur are 0, 1, 2, and so on.

    It is that of count picks among as many files, with the files numbered as
    they come first.
    """
    draw = random.Random(3)
    seen = {}
    return [seen.setdefault(draw.randrange(count), len(seen))
            for _ in range(count)]


class Contestant:
    """A kind of judging: assayfs options, and a folder of lists."""

    def __init__(self, name, lists, *options):
        self.name = name
        self.lists = lists
        self.options = options


def names_file(bench, root, sequence):
    path = os.path.join(bench.work, "names")
    with open(path, "w") as file:
        for number in sequence:
            file.write(f"{root}/authors/d{number // 200:03d}/{number}\n")
    return path


def passes(bench, one, threads, sequence, done=lambda mounted: None):
    """Mounts, reads all picks twice, waits until done; returns seconds."""
    variant = (one.name.replace(" ", "-"), one.options, False)
    mount = bench.mount(variant, lists=one.lists,
                        more=("--keys", bench.authors_cert))
    names = names_file(bench, mount.root, sequence)
    drop_caches()
    began = time.perf_counter()
    with mount:
        took = time.perf_counter() - began
        for _ in range(2):
            drop_caches()
            took += bench.calls_seconds("readall", threads, names)
        took += seconds(lambda: done(mount))
    return took


def make_lists(bench, distinct):
    """Returns two folders: lists of many files, and a list for each file."""
    key = bench.key + "-p384"
    bench.authors_cert = os.path.join(bench.work, "p384.pem")
    run("openssl", "req", "-x509", *P384, "-nodes", "-days", "2", "-subj",
        "/CN=assayfs bench", "-keyout", key, "-out", bench.authors_cert)
    folders = []
    for count, files in ((LISTS, -(-bench.sizes.authors // LISTS)),
                         (distinct, 1)):
        folder = bench.folder(f"authors-{count}")
        run(bench.program("make-lists"), key, bench.authors_cert, folder,
            str(count), str(files))
        folders.append(folder)
    return folders


def authors(bench):
    sequence = picks(bench.sizes.authors)
    distinct = max(sequence) + 1
    of_many, of_one = make_lists(bench, distinct)
    empty = bench.folder("authors-none")
    ways = {"sequential": 1, "parallel": PARALLEL}
    for how, threads in ways.items():
        bench.compare("authors", f"authors, {how}", "s",
                      lambda one: passes(bench, one, threads, sequence),
                      [Contestant("off", of_many, "--mode", "off", "--tpm",
                                  "off"),
                       Contestant("lists", of_many, "--tpm", "off"),
                       Contestant("signature a file", of_one, "--tpm",
                                  "off")],
                      base="signature a file", warm_up=False)
    for tpm, delay in (("software", 0), ("physical", PHYSICAL_S)):
        for how, threads in ways.items():
            measure(bench, f"{tpm} TPM, {how}", delay, threads, sequence,
                    (("lists", of_many, LISTS), ("each file", empty,
                                                 distinct)))


def wait_for_extends(mounted, expected):
    """Returns their number when it is no less. Errors: Failed if it stays."""
    extends, changed = -1, time.monotonic()
    while extends < expected and time.monotonic() < changed + 10:
        now = mounted.status()["tpm"]["extends"]
        if now != extends:
            extends, changed = now, time.monotonic()
        time.sleep(0.01)
    if extends < expected:
        raise Failed(f"{extends} extends instead of {expected}")
    return extends


def measure(bench, how, delay, threads, sequence, kinds):
    """Measures by lists and by files, with a TPM that takes delay longer."""
    def once(one):
        with swtpm.Swtpm(bench.folder("tpm"), delay) as tpm:
            one.options = ("--policy", "measure", "--tpm", "required",
                           "--tcti", tpm.tcti)
            return passes(bench, one, threads, sequence, one.wait)

    def waiter(one, expected):
        def wait(mounted):
            extends = wait_for_extends(mounted, expected)
            bench.add("authors", f"extends, {how}", "extends", one.name,
                      extends, base=None)
        return wait

    contestants = []
    for name, lists, expected in kinds:
        one = Contestant(name, lists)
        one.wait = waiter(one, expected)
        contestants.append(one)
    # Each run takes minutes, and is the sum of thousands of extends.
    bench.compare("authors", f"authors, {how}", "s", once, contestants,
                  base="each file", warm_up=False, runs=1)
