"""The video that another engine brings: looked at, and made to fit the scene if it doesn't quite.

The line about a stream that is read here is written by libavformat/dump.c and libavcodec/avcodec.c:
`Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 640x480 [SAR ...`; the packets are
listed by ffmpeg's `framecrc` muxer, see `worker.video.verification`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg

from worker import video_format
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, THREADS, local, run
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed
from worker.scene import ReportShare, Scene
from worker.video_format import FRAME_RATE, MAX_GOP_FRAMES, TIMESCALE

#: A clip may end so much before the sound does; its last frame stays. Engines work in steps of their own.
MAX_MISSING_SECONDS = 1.0

#: What every player takes as it is: codec and profile, and pixel format with range and colours.
KINDS = {("h264", profile) for profile in ("High", "Main", "Constrained Baseline", "Baseline")}
COLOURS = "yuv420p(tv, bt709, progressive)"

#: Codec, profile (if it has any) and pixel format of the first video track.
STREAM_LINE = re.compile(r"Video: (\w+)(?: \(([^)]+)\))?(?: \([^)]+ / 0x\w+\))?, (\w+(?:\([^)]*\))?)")


class ClipRefused(Exception):
    """The video is of no use. The message is for the operator."""


class _Packet(NamedTuple):
    """One frame, encoded; in ticks of its track's clock."""

    pts: int
    duration: int
    is_key: bool


@dataclass(frozen=True)
class Clip:
    """The first video track of an MP4. `size` is in pixels, as `640x480`; `colours` begins with the format.

    `is_steady`: frames are shown in the order they are decoded in, 25 a second from 0 on, with a key frame
    at least every ten seconds.
    """

    codec: str
    profile: str
    colours: str
    size: str
    frames: int
    seconds: float
    is_steady: bool


def fitted(path: Path, scene: Scene, report: ReportShare) -> Path:
    """`path` itself if it fits; else what it shows, encoded anew, with exactly `scene.frames` frames.

    Raises:
        ClipRefused: it can't be read, it has another size than the picture, or it is too short.
        What `process.run` does.
    """
    clip = examined(path, scene)
    _refuse_unfit(clip, scene)
    if not _fits(clip, scene):
        path = _encoded_anew(path, scene, report)
    report(1.0)
    return path


def examined(path: Path, scene: Scene) -> Clip:
    """Reads the packets; decodes nothing.

    Raises:
        ClipRefused: there is no video to be read.
        What `process.run` does, but for ProgramFailed.
    """
    listing = scene.folder / "clip.txt"
    graph = ffmpeg.output(_opened(path), local(listing), f="framecrc", c="copy")
    try:
        said = run(graph, _bounds(scene), log_level="info")
    except ProgramFailed as error:
        raise ClipRefused(f"its video can't be read: {error}") from error
    return _clip(said, listing.read_text())


def _opened(path: Path) -> Any:
    return ffmpeg.input(local(path), **CLOSED, f="mov")["v:0"]


def _bounds(scene: Scene) -> Bounds:
    return Bounds(deadline_seconds=120 + 2 * scene.sound.duration_seconds)


def _clip(said: str, listing: str) -> Clip:
    facts = dict(re.findall(r"^#(\w+) 0: (.+)$", listing, re.MULTILINE))
    packets = list(_packets(listing))
    kind = STREAM_LINE.search(said)
    if kind is None or not packets:
        raise ClipRefused("it holds no video")
    tick_seconds = Fraction(facts["tb"])
    end = max(packet.pts + packet.duration for packet in packets)
    return Clip(
        codec=kind[1],
        profile=kind[2] or "",
        colours=kind[3],
        size=facts["dimensions"],
        frames=len(packets),
        seconds=float(end * tick_seconds),
        is_steady=_is_steady(packets, 1 / (FRAME_RATE * tick_seconds)),
    )


def _packets(listing: str) -> Iterator[_Packet]:
    for line in listing.splitlines():
        if not line.startswith("#"):
            _, _, pts, duration, _, _, *flags = line.split(",")
            yield _Packet(int(pts), int(duration), not flags or "F=0x0" not in flags[0])


def _is_steady(packets: Sequence[_Packet], ticks_per_frame: Fraction) -> bool:
    keys = [number for number, packet in enumerate(packets) if packet.is_key]
    return (
        all(
            packet.pts == number * ticks_per_frame and packet.duration == ticks_per_frame
            for number, packet in enumerate(packets)
        )
        and keys[:1] == [0]
        and all(later - key <= MAX_GOP_FRAMES for key, later in pairwise([*keys, len(packets)]))
    )


def _refuse_unfit(clip: Clip, scene: Scene) -> None:
    wanted_size = f"{scene.picture.width}x{scene.picture.height}"
    if clip.size != wanted_size:
        raise ClipRefused(f"it made a video of {clip.size}; {wanted_size} was wanted")
    if clip.seconds < scene.sound.duration_seconds - MAX_MISSING_SECONDS:
        raise ClipRefused(f"it made {clip.seconds:.2f} s; {scene.sound.duration_seconds:.2f} were wanted")


def _fits(clip: Clip, scene: Scene) -> bool:
    return (
        clip.is_steady
        and clip.frames == scene.frames
        and (clip.codec, clip.profile) in KINDS
        and clip.colours == COLOURS
    )


def _encoded_anew(path: Path, scene: Scene, report: ReportShare) -> Path:
    """25 frames a second from 0 on; what is missing at the end shows the last one, what is too much goes."""
    made = scene.folder / "fitted.mp4"
    steady = (
        _opened(path)
        .filter("fps", fps=FRAME_RATE, start_time=0)
        .filter("tpad", stop=-1, stop_mode="clone")
        .filter("setsar", 1)
    )
    graph = video_format.converted(steady).output(local(made), **_x264_options(scene.frames), **ANONYMOUS)
    run(graph, _bounds(scene), expected_seconds=scene.frames / FRAME_RATE, report=report)
    return made


def _x264_options(frames: int) -> dict[str, str | int]:
    return {
        "f": "mp4",
        "vcodec": "libx264",
        "preset": "veryfast",
        "crf": 18,
        "profile:v": "high",
        "x264-params": video_format.X264,
        "threads": THREADS,
        "frames:v": frames,
        "video_track_timescale": TIMESCALE,
    }
