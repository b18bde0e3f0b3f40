# SPDX-License-Identifier: Apache-2.0
"""What assayfs wants to reach, and whether a run reached it."""

import dataclasses

import table

OURS = ("read", "open", "passthrough")
BIG_WARM = ("sequential read, warm", "random 4 KiB reads, warm",
            "mmap read, warm", "pread 4 KiB, 1 thread",
            "pread 4 KiB, 2 threads")
OPEN_CLOSE = "open+close, 1 thread"


@dataclasses.dataclass(frozen=True)
class Target:
    """A limit for rows and contestants; the worst of all pairs counts.

    base: the contestant to be compared with, in the same row or in base_row;
    None if the limit is in the row's own unit.
    speed: the limit is a least speed in relation to base, not a largest cost.
    """
    what: str
    rows: tuple
    contestants: tuple
    limit: float
    base: str = None
    base_row: str = None
    speed: bool = False
    unit: str = ""

    def limit_text(self):
        unit = "x " + self.base if self.base else self.unit
        sign = ">=" if self.speed else "<="
        return f"{sign} {table.number(self.limit)} {unit}".rstrip()

    def measure(self, name, contestant, rows):
        """Returns the cost or speed that counts, or None."""
        row = rows.get(name)
        if not row or contestant not in row.samples:
            return None
        if not self.base:
            return row.median(contestant)
        base_row = rows.get(self.base_row or name)
        cost = base_row and table.ratio(row, contestant, self.base, base_row)
        return 1 / cost if cost and self.speed else cost

    def judge(self, rows):
        """Returns {target, limit, value, of, outcome}. rows: {name: Row}."""
        measured = []
        for name in self.rows:
            for contestant in self.contestants:
                value = self.measure(name, contestant, rows)
                if value is not None:
                    measured.append((value, f"{contestant}: {name}"))
        answer = {"target": self.what, "limit": self.limit_text(),
                  "value": None, "of": "", "outcome": "not measured"}
        if measured:
            worst = min(measured) if self.speed else max(measured)
            met = (worst[0] >= self.limit if self.speed
                   else worst[0] <= self.limit)
            answer.update(value=worst[0], of=worst[1],
                          outcome="met" if met else "MISSED")
        return answer


def _opens():
    yield Target("open+close, at read", (OPEN_CLOSE,), ("read",), 1.5, "bare")
    yield Target("open+close, at read", (OPEN_CLOSE,), ("read",), 0.12,
                 "bindfs")
    yield Target("open+close, at open: round trips",
                 ("round trips: open+close",), ("open",), 1)
    for peer, limit in (("bindfs", 0.8), ("fuse-overlayfs", 0.8),
                        ("fapolicyd", 0.5)):
        yield Target("open+close, at open", (OPEN_CLOSE,), ("open",), limit,
                     peer)
    yield Target("warm open+read+close, at read: round trips",
                 ("round trips: open+read+close",), ("read",), 0)
    yield Target("warm open+read+close, at open: round trips",
                 ("round trips: open+read+close",), ("open",), 1)
    yield Target("warm names and attributes: round trips",
                 ("round trips: stat", "round trips: readdir",
                  "round trips: readlink", "round trips: missing name"),
                 OURS, 0)


def _data():
    yield Target("grep -r, warm, at read", ("grep -r, warm",), ("read",), 1.3,
                 "bare")
    yield Target("reads, warm", BIG_WARM, OURS, 0.97, "bare", speed=True)
    # 1.5 GB/s; or 0.8 of what the hash alone reaches.
    yield Target("1 GiB cold, verified", ("sequential read, cold",),
                 ("open", "read"), 2**30 / 1.5e6, unit="ms/GiB")
    yield Target("or in relation to SHA-256", ("sequential read, cold",),
                 ("open", "read"), 0.8, "SHA-256", speed=True)
    yield Target("1 GiB cold, passthrough", ("sequential read, cold",),
                 ("passthrough",), 0.95, "bare", speed=True)
    yield Target("sequential write, passthrough", ("sequential write",),
                 ("passthrough",), 0.9, "bare", speed=True)


def _programs():
    starts = ("small program", "python3, 30 imports")
    yield Target("program starts, at read", starts, ("read",), 1.05, "bare")
    yield Target("program starts, at open", starts, ("open",), 1.3, "bare")
    yield Target("find, git status, warm", ("find, warm", "git status, warm"),
                 OURS, 1.3, "bare")
    yield Target("find, git status, cold", ("find, cold", "git status, cold"),
                 OURS, 3, "bare")


def _verdicts():
    first = "first pass, 1 thread"
    yield Target("first pass, 1 thread", (first,), OURS, 1.15, "sha256sum")
    yield Target("first pass, 2 threads", ("first pass, 2 threads",), OURS,
                 0.6, "sha256sum", first)
    yield Target("authors: by lists against off",
                 ("authors, sequential", "authors, parallel"), ("lists",),
                 1.1, "off")
    yield Target("authors: lists against a signature a file, sequential",
                 ("authors, sequential",), ("lists",), 0.35, "signature a file")
    yield Target("authors: lists against a signature a file, parallel",
                 ("authors, parallel",), ("lists",), 0.57, "signature a file")
    yield Target("authors: measuring lists: extends",
                 ("extends, physical TPM, sequential",
                  "extends, physical TPM, parallel"), ("lists",), 304)
    for how, limit in (("sequential", 0.33), ("parallel", 0.21)):
        yield Target(f"authors: measuring lists against files, {how}",
                     (f"authors, physical TPM, {how}",), ("lists",), limit,
                     "each file")
    for lists, limit_ms in ((300, 150), (2000, 1200), (10000, 6000)):
        yield Target(f"{lists:,} lists ready", (f"start, {lists:,} lists",),
                     ("open",), limit_ms, unit="ms")
    yield Target("list change", ("list change",), OURS, 20, unit="ms")
    yield Target("list change: files hashed again",
                 ("list change, hashed again",), OURS, 0)
    yield Target("verify against rpm -Va", ("verify",), ("assayfs",), 0.5,
                 "rpm -Va")
    for what, limit in (("digest", 48), ("inode", 350)):
        yield Target(f"memory of one {what}", (f"memory, one {what}",),
                     ("open",), limit, unit="B")
    yield Target("memory of block tags", ("memory, block tags",), ("open",),
                 0.8, unit="% of bytes")


TARGETS = (*_opens(), *_data(), *_programs(), *_verdicts())


def judge(rows):
    """Judges every target. rows: a list of table.Row."""
    named = {row.name: row for row in rows}
    return [target.judge(named) for target in TARGETS]


def lines(judged):
    """Returns the judged targets as lists of cells, the first their head."""
    made = [["target", "worst of", "limit", "value", "outcome"]]
    made += [[one["target"], one["of"], one["limit"],
              table.number(one["value"]), one["outcome"]] for one in judged]
    return made


def text(judged):
    return table.align(lines(judged))
