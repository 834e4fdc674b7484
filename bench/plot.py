"""The figures of `bench.still` as a plot: `plot.py FIGURES.json PLOT.svg`, by .venv-bench."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

#: Contender and source, how the plot calls it, and its colour; all are to be seen on white and on black.
LINES = {
    ("MoviePy", "MP3"): ("MoviePy", "#b07aa1"),
    ("the one-liner", "MP3"): ("the one-liner", "#e15759"),
    ("floor: the sound alone", "MP3"): ("the sound alone", "#9a8f86"),
    ("ours, end to end", "MP3"): ("Talkreel", "#3d8bfd"),
    ("ours, end to end", "M4A"): ("Talkreel, from AAC", "#2ea88a"),
}
GREY = "#848d97"
SPOKEN = {30: "30 s", 60: "1 min", 600: "10 min", 3600: "1 h"}
TIMES = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h"}

#: Names stand at least so far apart: times the value of the one below.
NAME_GAP = 1.45

#: Text stays text; the same figures make the same file.
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "talkreel",
    "font.family": ["sans-serif"],
    "font.size": 11,
    "text.color": GREY,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}

Rows = list[dict[str, Any]]


def main(figures: str, plot: str) -> None:
    rows = json.loads(Path(figures).read_text())
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 4.6), layout="constrained")
        axes = figure.add_subplot()
        _scaled(axes, sorted({round(row["seconds"]) for row in rows}))
        lines = _by_line(rows)
        for key, its_rows in lines.items():
            _drawn(axes, its_rows, LINES[key][1])
        _named(axes, {LINES[key]: its_rows[-1] for key, its_rows in lines.items()})
        figure.savefig(plot, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def _by_line(rows: Rows) -> dict[tuple[str, str], Rows]:
    lines: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        if (row["contender"], row["source"]) in LINES and row["usage"]["whole_seconds"]:
            lines[row["contender"], row["source"]].append(row)
    return lines


def _scaled(axes: Any, lengths: list[int]) -> None:
    """Both axes logarithmic, in words; room at the right for the names; what is real time is dotted."""
    axes.set(xscale="log", yscale="log", xlabel="length of the sound", ylabel="time to make the video")
    axes.set_xlim(lengths[0] / 1.15, lengths[-1] * (lengths[-1] / lengths[0]) ** 0.35 * 1.15)
    axes.set_ylim(0.4, 7200)
    for axis, words in ((axes.xaxis, SPOKEN), (axes.yaxis, TIMES)):
        axis.set_major_locator(FixedLocator(list(words)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, _position, words=words: words.get(round(value), ""))
    axes.grid(color=GREY, alpha=0.25, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.plot(lengths, lengths, color=GREY, linestyle=":", linewidth=1)


def _drawn(axes: Any, rows: Rows, colour: str) -> None:
    """A hollow mark is what a rate foretells."""
    xs, ys = ([_value(row, which) for row in rows] for which in ("seconds", "whole_seconds"))
    axes.plot(xs, ys, color=colour, linewidth=2)
    for x, y, row in zip(xs, ys, rows, strict=True):
        is_whole = row["usage"]["done"] == 1
        axes.plot(x, y, "o", color=colour, fillstyle="full" if is_whole else "none", markersize=6)


def _named(axes: Any, ends: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Each name beside the end of its line, or above the name below."""
    lowest = 0.0
    for (name, colour), row in sorted(ends.items(), key=lambda end: _value(end[1], "whole_seconds")):
        y = max(lowest, _value(row, "whole_seconds"))
        beside = (_value(row, "seconds"), y)
        axes.annotate(name, beside, xytext=(9, -4), textcoords="offset points", color=colour)
        lowest = y * NAME_GAP


def _value(row: dict[str, Any], which: str) -> float:
    return float(row[which] if which in row else row["usage"][which])


if __name__ == "__main__":
    main(*sys.argv[1:])
