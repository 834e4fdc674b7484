"""MP4 out: the sound is encoded, and both tracks go into one file that plays while it loads."""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from app.states import MotionMade
from worker.bounds import Bounds
from worker.ffmpeg import ANONYMOUS, CLOSED, local, run
from worker.scene import ReportShare, Sound, VideoTrack

#: The video track's ticks per second: 512 to the frame.
TIMESCALE = 12_800

#: Bits per second of AAC-LC, by the number of channels.
AAC_BIT_RATES = {1: 96_000, 2: 160_000}

#: What the file says of itself: whoever finds a talking portrait can tell that nobody was filmed.
COMMENTS = {
    MotionMade.TALKING: {"metadata": "comment=AI-generated talking portrait"},
    MotionMade.STILL: {},
}


def encode_aac(sound: Sound, folder: Path, report: ReportShare) -> Path:
    """The sound as AAC-LC in `folder`/sound.m4a: its priming samples are before time 0, its length is exact.

    Raises:
        What `process.run` does: nothing is wrong with the upload; try again.
    """
    path = folder / "sound.m4a"
    graph = ffmpeg.input(local(sound.path), **CLOSED, f="wav").output(
        local(path),
        f="ipod",
        acodec="aac",
        **{"profile:a": "aac_low", "b:a": AAC_BIT_RATES[sound.channels]},
        movie_timescale=sound.sample_rate,
        **ANONYMOUS,
    )
    bounds = Bounds(deadline_seconds=60 + sound.duration_seconds / 2)
    run(graph, bounds, expected_seconds=sound.duration_seconds, report=report)
    return path


def mux(video: VideoTrack, aac: Path, sound: Sound, path: Path, report: ReportShare) -> None:
    """Copies both tracks to `path`, the index (moov) first.

    The movie's clock ticks once per sample, so that the edit list cuts the sound exactly. A talking portrait
    says in its metadata that it is one; nothing else is said in any file.

    Raises:
        What `process.run` does: nothing is wrong with the upload; try again.
    """
    pictures = ffmpeg.input(local(video.path), **CLOSED, f="mov")["v:0"]
    voice = ffmpeg.input(local(aac), **CLOSED, f="mov")["a:0"]
    graph = ffmpeg.output(
        pictures,
        voice,
        local(path),
        f="mp4",
        c="copy",
        movflags="+faststart",
        movie_timescale=sound.sample_rate,
        video_track_timescale=TIMESCALE,
        **ANONYMOUS,
        **COMMENTS[video.motion],
    )
    seconds = sound.duration_seconds
    # The second pass, which moves the index to the front, makes no progress that could be seen.
    bounds = Bounds(deadline_seconds=300 + seconds / 10, stall_seconds=120 + seconds / 20)
    run(graph, bounds, expected_seconds=seconds, report=report)
