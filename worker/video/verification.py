"""The last look at a finished file: is it what was promised?"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import ffmpeg

from worker.errors import CheckFailed
from worker.progress import between
from worker.sandbox.ffmpeg import CLOSED, local, run
from worker.sandbox.resource_limits import HERE, Bounds
from worker.sandbox.runner import ProgramFailed
from worker.scene import ReportShare, Scene
from worker.video.packets import Track, listed, read_listing
from worker.video_format import FRAME_RATE

#: What is decoded frame by frame. The rest is judged by its key frames, unless they are all the first one.
OPENING_SECONDS = 10

#: From this length on, listing the packets takes longer than decoding the opening.
LONG_SECONDS = 600

#: Goes before an input in which nothing may be wrong.
STRICT = {**CLOSED, "f": "mov", "err_detect": "explode", "xerror": None}

FRAME_SECONDS = Fraction(1, FRAME_RATE)


def check(path: Path, scene: Scene, report: ReportShare) -> None:
    """Reads all of `path` and decodes part of it.

    Raises:
        CheckFailed: it isn't what `scene` promised. A bug or a broken disk of ours, not the upload's fault.
        ChildKilled: a child process died of a signal.
    """
    try:
        _read(path, scene, between(report, 0, 0.9))
        video = read_listing("v", scene.folder)
        _check_video(video, scene)
        _check_sound(read_listing("a", scene.folder), scene)
        if video.key_frames_differ:
            _decode_key_frames(path, scene)
    except ProgramFailed as error:
        raise CheckFailed(f"the finished file can't be read: {error}") from error
    report(1)


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


def _read(path: Path, scene: Scene, report: ReportShare) -> None:
    """Lists the packets of both tracks and decodes the opening, all by one process."""
    opened = ffmpeg.input(local(path), **STRICT, copyts=None)
    decoded = opened.output("-", f="null", map=0, t=OPENING_SECONDS)
    graph = ffmpeg.merge_outputs(*(listed(opened, kind, scene.folder) for kind in "av"), decoded)
    seconds = scene.sound.duration_seconds
    # A long file is packets above all, a short one pictures to decode, on every core.
    core = HERE if seconds > LONG_SECONDS else None
    bounds = Bounds(deadline_seconds=240 + seconds / 10, core=core)
    run(graph, bounds, expected_seconds=seconds, report=report)


def _decode_key_frames(path: Path, scene: Scene) -> None:
    graph = ffmpeg.input(local(path), **STRICT, skip_frame="nokey")["v:0"].output("-", f="null")
    run(graph, Bounds(deadline_seconds=120 + scene.sound.duration_seconds / 10))
