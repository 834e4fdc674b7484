"""Runs graphs of the `ffmpeg` package through the one launcher."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from worker.sandbox import runner
from worker.sandbox.command import Command
from worker.sandbox.file_access import FileAccess
from worker.sandbox.resource_limits import CORES, Bounds
from worker.scene import ReportShare

#: Threads of one ffmpeg: more would eat address space (a stack and an arena each) for little speed.
THREADS = min(8, CORES)

COMMON = ("-nostdin", "-hide_banner", "-stats_period", "0.25", "-progress", "pipe:1")

#: What `local` puts before a path.
LOCAL = "file:"

#: Goes before every input: nothing may be opened but the file itself.
CLOSED = {"protocol_whitelist": "file,pipe"}

#: Goes with every output file: nothing of ours or of the upload's is written beside the media.
ANONYMOUS = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}


def run(
    graph: Any,
    bounds: Bounds,
    *,
    expected_seconds: float | None = None,
    report: ReportShare | None = None,
    log_level: str = "error",
) -> str:
    """Runs a graph to its end; returns the end of what ffmpeg said to stderr.

    `report` is told the share of `expected_seconds` of output made so far; it never falls.

    Raises:
        What `process.run` does.
    """
    return runner.run(command(graph, bounds, expected_seconds=expected_seconds, log_level=log_level), report)


def command(
    graph: Any, bounds: Bounds, *, expected_seconds: float | None = None, log_level: str = "error"
) -> Command:
    """What `run` runs, for those who run several at once."""
    program, *arguments = ffmpeg.compile(graph, cmd=executable(), overwrite_output=True)
    argv = [program, "-loglevel", log_level, *COMMON, *arguments]
    return Command(argv, bounds, expected_seconds, reach_of(argv))


def reach_of(argv: Sequence[str]) -> FileAccess:
    """What the arguments name: the inputs to read, and to write the folders that the outputs are in."""
    named = [
        (before == "-i", Path(word.removeprefix(LOCAL)))
        for before, word in pairwise(argv)
        if word.startswith(LOCAL)
    ]
    return FileAccess(
        reads=tuple(path for is_input, path in named if is_input),
        writes=tuple(path.parent for is_input, path in named if not is_input),
    )


def executable() -> str:
    """The ffmpeg of the wheel, or the one IMAGEIO_FFMPEG_EXE names."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def local(path: Path) -> str:
    """A path as ffmpeg takes it: no character of it is read as a protocol or an option."""
    return f"{LOCAL}{path.absolute()}"
