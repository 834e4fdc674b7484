"""Any stretch of a talk as one MP4: drawn and encoded in chunks on all cores, and joined."""

from __future__ import annotations

import hashlib
import math
import os
import sys
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import ffmpeg
import imageio_ffmpeg
import numpy as np

from worker.engines.talking.performance import Performance
from worker.progress import between
from worker.sandbox import runner
from worker.sandbox.command import Command, bare_environment
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, executable, local, run
from worker.sandbox.file_access import PYTHON, FileAccess, files_of
from worker.sandbox.resource_limits import CORES, Bounds
from worker.scene import ReportShare, SegmentSpec, Span
from worker.video_format import FRAME_RATE, TIMESCALE

#: Longer chunks would show progress late and spread badly over the cores; shorter ones cost their start.
MAX_CHUNK_FRAMES, MIN_CHUNK_FRAMES = 60 * FRAME_RATE, 2 * FRAME_RATE

#: A slow core draws a large frame in less than this.
MAX_FRAME_SECONDS = 1.0

#: OpenCV and NumPy map much more than they use.
CHUNK_ADDRESS_SPACE_BYTES = 6 << 30

#: The share of the work that is done when the chunks are, as measured.
CHUNKS_DONE = 0.98

#: A slow disk copies more than this in a second.
MIN_COPY_BYTES = 1 << 20

SOURCES = Path(__file__).parents[2]


def written(performance: Performance, folder: Path) -> SegmentSpec:
    """The script of a performance whose picture is in `folder`."""
    path = folder / "performance.npz"
    performance.save(path)
    picture = performance.picture_path
    return SegmentSpec(path, picture, len(performance), digest_of(path, picture))


def digest_of(performance: Path, picture: Path) -> str:
    """SHA-256 of both files and of the program that draws from them."""
    digest = hashlib.sha256(_program())
    for path in (performance, picture):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@cache
def _program() -> bytes:
    """What draws here: our own sources, and what they draw with."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        digest.update(path.read_bytes())
    drawn_with = (np.__version__, cv2.__version__, imageio_ffmpeg.__version__)
    digest.update(repr((*drawn_with, os.environ.get("IMAGEIO_FFMPEG_EXE"))).encode())
    return digest.digest()


def draw(performance: Path, span: Span, path: Path, report: ReportShare) -> None:
    """Draws the stretch of a saved performance to an MP4 at `path`, with scratch files beside it.

    Raises:
        What `process.run` does.
    """
    start, end = span
    draw_chunks(
        performance, [(start + one, start + other) for one, other in spans_of(end - start)], path, report
    )


def draw_chunks(performance: Path, spans: Sequence[Span], path: Path, report: ReportShare) -> None:
    """Draws stretches that follow one another to one MP4, each in a process of its own. Raises as `draw`."""
    chunks = [path.with_name(f"{path.stem}-{number:04}.mp4") for number in range(len(spans))]
    commands = [_command(performance, span, chunk) for span, chunk in zip(spans, chunks, strict=True)]
    runner.run_all(commands, between(report, 0, CHUNKS_DONE))
    join(chunks, path)
    report(1.0)


def spans_of(frames: int, cores: int = CORES) -> list[Span]:
    """Frames from and to, of each chunk: as even as can be, and a whole number of them for each core."""
    rounds = math.ceil(frames / (MAX_CHUNK_FRAMES * cores))
    chunks = max(1, min(rounds * cores, frames // MIN_CHUNK_FRAMES))
    return evenly(frames, chunks)


def evenly(frames: int, parts: int) -> list[Span]:
    """Frames from and to, of each of so many parts."""
    edges = [frames * number // parts for number in range(parts + 1)]
    return list(pairwise(edges))


def join(parts: Sequence[Path], path: Path) -> None:
    """MP4s one after the other as one at `path`, by copying their packets. They are beside it, and go."""
    if len(parts) == 1:
        parts[0].replace(path)
        return
    listing = path.with_suffix(".txt")
    listing.write_text("".join(f"file {part.name}\n" for part in parts))
    graph = ffmpeg.input(local(listing), **CLOSED, f="concat").output(
        local(path), f="mp4", vcodec="copy", video_track_timescale=TIMESCALE, **ANONYMOUS
    )
    size_bytes = sum(part.stat().st_size for part in parts)
    run(graph, Bounds(deadline_seconds=120 + size_bytes / MIN_COPY_BYTES))
    for part in parts:
        part.unlink()


def _command(performance: Path, span: Span, path: Path) -> Command:
    start, end = span
    return Command(
        [
            sys.executable,
            "-m",
            "worker.engines.talking.chunk",
            str(performance),
            str(start),
            str(end),
            str(path),
        ],
        Bounds(
            deadline_seconds=60 + (end - start) * MAX_FRAME_SECONDS,
            address_space_bytes=CHUNK_ADDRESS_SPACE_BYTES,
        ),
        expected_seconds=(end - start) / FRAME_RATE,
        file_access=FileAccess((*PYTHON, *files_of(executable()), performance.parent), (path.parent,)),
        environment={**bare_environment(), "IMAGEIO_FFMPEG_EXE": executable()},
    )
