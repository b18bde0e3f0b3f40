# SPDX-License-Identifier: Apache-2.0
"""Samples, their statistics, and the table of them.

Every value is a cost: smaller is better.
"""

import dataclasses
import statistics


@dataclasses.dataclass
class Row:
    """The samples of one thing that was done by several contestants."""
    workload: str
    name: str
    unit: str
    base: str = "bare"  # the contestant that the others are compared with
    samples: dict = dataclasses.field(default_factory=dict)

    def add(self, contestant, value):
        self.samples.setdefault(contestant, []).append(value)

    def median(self, contestant):
        return statistics.median(self.samples[contestant])


def ratio(row, contestant, base, base_row=None):
    """Returns how many times the cost of base the contestant has, or None.

    Samples of one round are compared with each other, and the median of these
    ratios counts: what disturbs the machine for a while disturbs both.
    """
    own = row.samples.get(contestant)
    other = (base_row or row).samples.get(base)
    if not own or not other:
        return None
    if len(own) == len(other):
        pairs = [a / b for a, b in zip(own, other) if b]
        return statistics.median(pairs) if pairs else None
    divisor = statistics.median(other)
    return statistics.median(own) / divisor if divisor else None


def number(value):
    """Returns a value with three digits that count."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    if abs(value) < 0.1:
        digits = 4
    return f"{value:,.{digits}f}"


def align(lines):
    """Returns rows of cells as text; the first two columns are words."""
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths)))
        .rstrip() for line in lines)


PEERS = ("bindfs", "fuse-overlayfs")


def cells(row, contestant):
    samples = row.samples[contestant]
    ratios = [number(ratio(row, contestant, base)) for base in PEERS]
    return [row.name, contestant, number(row.median(contestant)), row.unit,
            f"{number(min(samples))}-{number(max(samples))}",
            number(ratio(row, contestant, row.base)), row.base or "", *ratios]


def lines(rows):
    """Returns the table of rows as lists of cells, the first its head."""
    made = [["workload", "contestant", "median", "unit", "spread", "ratio", "to",
             "to bindfs", "to overlayfs"]]
    for row in rows:
        made += [cells(row, contestant) for contestant in row.samples]
    return made


def text(rows):
    return align(lines(rows))


def markdown(cells_of_lines):
    """Returns lines of cells, the first the head, as a table in Markdown."""
    head, *rest = ("| " + " | ".join(line) + " |" for line in cells_of_lines)
    under = "|" + "---|" * len(cells_of_lines[0])
    return "\n".join((head, under, *rest))


def as_json(row):
    return {
        "workload": row.workload, "name": row.name, "unit": row.unit,
        "base": row.base,
        "contestants": {
            contestant: {"median": row.median(contestant),
                         "min": min(samples), "max": max(samples),
                         "ratio": ratio(row, contestant, row.base),
                         "samples": samples}
            for contestant, samples in row.samples.items()}}
