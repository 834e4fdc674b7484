"""MP4 out: both tracks go into one file that plays while it loads."""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from app.domain.states import MotionMade
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, local, run
from worker.sandbox.resource_limits import HERE, Bounds
from worker.scene import ReportShare, Scene, SoundTrack, VideoTrack
from worker.video_format import FRAME_RATE, TIMESCALE

#: What the file says of itself: whoever finds a talking portrait can tell that nobody was filmed.
COMMENTS = {
    MotionMade.TALKING: {"metadata": "comment=AI-generated talking portrait"},
    MotionMade.STILL: {},
}


def mux(video: VideoTrack, sound: SoundTrack, scene: Scene, path: Path, report: ReportShare) -> None:
    """Copies both tracks to `path`, the index (moov) first; pictures that repeat, as often as it takes.

    The movie's clock ticks once per sample, so that the edit list cuts the sound exactly. A talking portrait
    says in its metadata that it is one; nothing else is said in any file.

    Raises:
        What `process.run` does: nothing is wrong with the upload; try again.
    """
    pictures = ffmpeg.input(local(video.path), **CLOSED, f="mov", **_repetition(video, scene))["v:0"]
    voice = ffmpeg.input(local(sound.path), **CLOSED, f="mov")["a:0"]
    graph = ffmpeg.output(
        pictures,
        voice,
        local(path),
        f="mp4",
        c="copy",
        movflags="+faststart",
        movie_timescale=scene.sound.sample_rate,
        video_track_timescale=TIMESCALE,
        **({"bsf:a": sound.retiming} if sound.retiming else {}),
        **ANONYMOUS,
        **COMMENTS[video.motion],
    )
    seconds = scene.sound.duration_seconds
    # The second pass, which moves the index to the front, makes no progress that could be seen.
    bounds = Bounds(deadline_seconds=300 + seconds / 10, stall_seconds=120 + seconds / 20, core=HERE)
    run(graph, bounds, expected_seconds=seconds, report=report)


def _repetition(video: VideoTrack, scene: Scene) -> dict[str, str | int]:
    """The length is the input's: counting the output's frames would end the sound with the last of them."""
    if not video.is_repeated:
        return {}
    return {"stream_loop": -1, "t": f"{scene.frames / FRAME_RATE:.2f}"}
