# SPDX-License-Identifier: Apache-2.0
"""Draws the rows of each workload into one picture."""

import os

import table

# Those of ours in blue, the others in warm colours.
COLOURS = {"bare": "#999999", "read": "#08306b", "open": "#2171b5",
           "passthrough": "#6baed6", "off": "#c6dbef", "bindfs": "#d95f0e",
           "fuse-overlayfs": "#fe9929", "fapolicyd": "#993404",
           "sha256sum": "#666666", "SHA-256": "#666666"}


def bar(row, contestant):
    """Returns the height of a bar, and what its spread is above and below.

    The spread is that of the contestant's own samples.
    """
    samples = row.samples[contestant]
    middle = row.median(contestant)
    height = table.ratio(row, contestant, row.base) if row.base else middle
    if not height or not middle:
        return 0, 0, 0
    scale = height / middle
    return (height, max(0, height - min(samples) * scale),
            max(0, max(samples) * scale - height))


def draw_bars(axes, rows):
    names = list(dict.fromkeys(name for row in rows for name in row.samples
                               if name != row.base))
    width = 0.8 / max(1, len(names))
    for number, name in enumerate(names):
        present = [(i, row) for i, row in enumerate(rows)
                   if name in row.samples]
        bars = [bar(row, name) for _, row in present]
        # Where there is a base, bars begin at it.
        axes.barh([i + (number - len(names) / 2 + 0.5) * width
                   for i, _ in present],
                  [one[0] - (1 if rows[0].base else 0) for one in bars], width,
                  left=1 if rows[0].base else 0,
                  xerr=([one[1] for one in bars], [one[2] for one in bars]),
                  color=COLOURS.get(name, "#41ab5d"), label=name,
                  error_kw={"linewidth": 0.6})
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.invert_yaxis()
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))


def draw_workload(pyplot, workload, rows, folder):
    base = rows[0].base
    figure, axes = pyplot.subplots(figsize=(8, 1.5 + 0.8 * len(rows)))
    draw_bars(axes, rows)
    if base:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.axvline(1, color="black", linewidth=0.8)
        axes.set_xlabel(f"time in relation to {base}; shorter is better")
    else:
        axes.set_xlabel(" or ".join(dict.fromkeys(row.unit for row in rows)))
    axes.set_title(workload)
    figure.tight_layout()
    for kind in ("svg", "png"):
        figure.savefig(os.path.join(folder, f"{workload}.{kind}"))
    pyplot.close(figure)


def draw(rows, folder):
    """Writes WORKLOAD.svg and .png. Errors: ImportError without matplotlib."""
    import matplotlib
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "assayfs"
    from matplotlib import pyplot
    for workload in dict.fromkeys(row.workload for row in rows):
        if workload not in ("inner", "memory"):
            draw_workload(pyplot, workload,
                          [row for row in rows if row.workload == workload],
                          folder)
