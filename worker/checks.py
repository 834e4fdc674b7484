"""The last look at a finished file: is it what was promised?

What ffmpeg's `framecrc` muxer writes is a line per packet: stream, dts, pts, duration, size, checksum, and
flags unless it is a key frame (libavformat/framecrcenc.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import ffmpeg

from worker.bounds import Bounds
from worker.failures import CheckFailed
from worker.ffmpeg import CLOSED, local, run
from worker.process import ProgramFailed
from worker.scene import FRAME_RATE, ReportShare, Scene

#: What is decoded frame by frame; the rest is judged by its key frames.
OPENING_SECONDS = 10

FRAME_SECONDS = Fraction(1, FRAME_RATE)


@dataclass
class Track:
    """What the packets of one track add up to; times count the ticks of the track's own clock."""

    facts: dict[str, str] = field(default_factory=dict)
    first_tick: int | None = None
    end_tick: int = 0
    packets: int = 0
    key_frames: set[str] = field(default_factory=set)

    @property
    def begin_seconds(self) -> Fraction | None:
        return None if self.first_tick is None else self.first_tick * Fraction(self.facts["tb"])

    @property
    def end_seconds(self) -> Fraction:
        return self.end_tick * Fraction(self.facts.get("tb", 0))

    def add(self, pts: int, duration: int, checksum: str, is_key: bool) -> None:
        self.first_tick = pts if self.first_tick is None else min(self.first_tick, pts)
        self.end_tick = max(self.end_tick, pts + duration)
        self.packets += 1
        if is_key:
            self.key_frames.add(checksum)


def check(path: Path, scene: Scene, report: ReportShare) -> None:
    """Reads all of `path` and decodes part of it.

    Raises:
        CheckFailed: it isn't what `scene` promised. A bug or a broken disk of ours, not the upload's fault.
        ChildKilled: a child process died of a signal.
    """
    try:
        tracks = _tracks(path, scene, lambda share: report(share / 2))
        _check_video(tracks.get("video", Track()), scene)
        _check_sound(tracks.get("audio", Track()), scene)
        _decode(path, scene, tracks["video"])
    except ProgramFailed as error:
        raise CheckFailed(f"the finished file can't be read: {error}") from error
    report(1)


def _tracks(path: Path, scene: Scene, report: ReportShare) -> dict[str, Track]:
    """Every packet, as a player's demuxer sees it."""
    listing = scene.folder / "packets.txt"
    graph = ffmpeg.input(local(path), **CLOSED, f="mov", copyts=None).output(
        local(listing), f="framecrc", c="copy", map=0
    )
    seconds = scene.sound.duration_seconds
    run(graph, Bounds(deadline_seconds=120 + seconds / 10), expected_seconds=seconds, report=report)
    with listing.open() as lines:
        tracks = _summed(lines)
    listing.unlink()
    return {track.facts["media_type"]: track for track in tracks.values()}


def _summed(lines: Iterator[str]) -> dict[str, Track]:
    tracks: dict[str, Track] = {}
    for line in lines:
        if not line.startswith("#"):
            number, _, pts, duration, _, checksum, *flags = line.split(",")
            tracks[number].add(int(pts), int(duration), checksum, not flags or "F=0x0" not in flags[0])
        elif fact := re.match(r"#(\w+) (\d+): (.*)", line):
            tracks.setdefault(fact[2], Track()).facts[fact[1]] = fact[3].strip()
    return tracks


def _check_video(track: Track, scene: Scene) -> None:
    size = f"{scene.picture.width}x{scene.picture.height}"
    _expect("video codec", track.facts.get("codec_id"), "h264")
    _expect("size", track.facts.get("dimensions"), size)
    _expect("video start", track.begin_seconds, 0)
    _expect("frames", track.packets, scene.frames)
    _expect("video length", track.end_seconds, scene.frames * FRAME_SECONDS)
    if abs(track.end_seconds - _sound_seconds(scene)) >= FRAME_SECONDS:
        raise CheckFailed(f"the video is {track.end_seconds} s long, the sound {_sound_seconds(scene)} s")


def _check_sound(track: Track, scene: Scene) -> None:
    """Priming samples lie before time 0: the demuxer shows them, a player skips them."""
    _expect("sound codec", track.facts.get("codec_id"), "aac")
    _expect("sample rate", track.facts.get("sample_rate"), str(scene.sound.sample_rate))
    _expect("channels", track.facts.get("channel_layout_name"), ("mono", "stereo")[scene.sound.channels - 1])
    _expect("sound length", track.end_seconds, _sound_seconds(scene))
    begin = track.begin_seconds
    if begin is None or not -2 * FRAME_SECONDS < begin <= 0:
        raise CheckFailed(f"the sound starts at {begin} s")


def _sound_seconds(scene: Scene) -> Fraction:
    return Fraction(scene.sound.samples, scene.sound.sample_rate)


def _expect(what: str, found: object, promised: object) -> None:
    if found != promised:
        raise CheckFailed(f"{what}: {promised} was promised, {found} was found")


def _decode(path: Path, scene: Scene, video: Track) -> None:
    """The opening whole; then the key frames, unless they are all the one that was just decoded."""
    bounds = Bounds(deadline_seconds=120 + scene.sound.duration_seconds / 10)
    strict = {**CLOSED, "f": "mov", "err_detect": "explode", "xerror": None}
    run(ffmpeg.input(local(path), **strict, t=OPENING_SECONDS).output("-", f="null", map=0), bounds)
    if len(video.key_frames) > 1:
        run(ffmpeg.input(local(path), **strict, skip_frame="nokey")["v:0"].output("-", f="null"), bounds)
