"""The still engine: the picture stands while the sound plays.

x264 encodes one frame. The rest of a GOP is written by hand (`worker.engines.h264.skip_frames`). The mux
repeats that by copying packets, so that the cost hardly grows with the length.
"""

from __future__ import annotations

import re
from pathlib import Path

import ffmpeg
import structlog

from app.domain.states import MotionMade
from worker import video_format
from worker.engines.h264 import skip_frames
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, THREADS, local, run
from worker.sandbox.resource_limits import Bounds
from worker.scene import Picture, ReportShare, Scene, VideoTrack
from worker.video_format import FRAME_RATE, MAX_GOP_FRAMES, TIMESCALE

log = structlog.get_logger(__name__)

#: The first line keeps the parameter sets to what `worker.engines.h264.skip_frames` writes slices for.
X264 = (
    f"{video_format.X264}:cabac=0:weightp=0:ref=1:rc-lookahead=0:aud=0"
    # The one frame is looked at for long. Bits for what only seems sharp are spent on true colours instead.
    ":no-psy=1:chroma-qp-offset=-3:ssim=1"
)
PRESET = "faster"

#: The picture is looked at for as long as the sound lasts, so bits are well spent on it. It is encoded ever
#: finer until it is this near to what came (structural similarity of luma; Wang et al. 2004).
#: With that of luma, all planes together are above 0.995.
MIN_LUMA_SSIM = 0.9965
CRFS = (14, 11, 8)


def still(scene: Scene, report: ReportShare) -> VideoTrack:
    """An `Engine`: `scene.frames` frames of the picture, with a key frame every ten seconds."""
    frames = min(scene.frames, MAX_GOP_FRAMES)
    gop = scene.folder / "gop.mp4"
    _open(scene, frames, gop, report)
    return VideoTrack(gop, MotionMade.STILL, is_repeated=frames < scene.frames)


def _open(scene: Scene, frames: int, path: Path, report: ReportShare) -> None:
    """The first GOP; all of it by x264 where its first frame isn't as expected."""
    opening, stream = scene.folder / "opening.h264", scene.folder / "gop.h264"
    crf = _encode_near(scene.picture, opening, report)
    try:
        stream.write_bytes(b"".join(skip_frames.held(opening.read_bytes(), frames)))
    except skip_frames.Unsupported as reason:
        log.warning("x264 encodes the whole GOP", reason=str(reason))
        _encode(scene.picture, frames, stream, crf, report)
    _wrap(stream, path)


def _encode_near(picture: Picture, path: Path, report: ReportShare) -> int:
    """A byte stream of one frame; returns the quantiser (CRF) that brought it near enough to the picture."""
    for crf in CRFS:
        if _encode(picture, 1, path, crf, report) >= MIN_LUMA_SSIM:
            break
    return crf


def _encode(picture: Picture, frames: int, path: Path, crf: int, report: ReportShare) -> float:
    """A byte stream of as many equal frames; returns how near it is to the picture (SSIM of luma)."""
    decoded = ffmpeg.input(local(picture.path), **CLOSED, f="png_pipe", framerate=FRAME_RATE)
    graph = (
        video_format.converted(decoded)
        .filter("loop", loop=frames - 1, size=1)
        .filter("setpts", "N/FRAME_RATE/TB")
        .output(local(path), **_x264_options(frames, crf), **ANONYMOUS)
    )
    told = run(
        graph,
        Bounds(deadline_seconds=300),
        expected_seconds=frames / FRAME_RATE,
        report=report,
        log_level="info",
    )
    found = re.search(r"SSIM Mean Y:([0-9.]+)", told)
    return float(found[1]) if found else 0.0


def _x264_options(frames: int, crf: int) -> dict[str, str | int]:
    return {
        "f": "h264",
        "vcodec": "libx264",
        "preset": PRESET,
        "tune": "stillimage",
        "crf": crf,
        "profile:v": "high",
        "x264-params": X264,
        "threads": THREADS,
        "r": FRAME_RATE,
        "frames:v": frames,
    }


def _wrap(stream: Path, path: Path) -> None:
    """The byte stream in an MP4; parameter sets are in the header alone, as in `avc1` (ISO/IEC 14496-15)."""
    times = f"setts=ts=N/({FRAME_RATE}*TB):duration=1/({FRAME_RATE}*TB)"
    graph = ffmpeg.input(local(stream), **CLOSED, f="h264", framerate=FRAME_RATE).output(
        local(path),
        f="mp4",
        vcodec="copy",
        video_track_timescale=TIMESCALE,
        **{"bsf:v": f"{times},filter_units=remove_types=6-9"},
        **ANONYMOUS,
    )
    run(graph, Bounds(deadline_seconds=60))
