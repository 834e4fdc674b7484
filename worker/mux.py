"""MP4 out: the sound is encoded, and both tracks go into one file that plays while it loads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ffmpeg

from app.states import MotionMade
from worker.beside import Beside, beside
from worker.bounds import Bounds
from worker.failures import RenderFailed
from worker.ffmpeg import ANONYMOUS, CLOSED, command, local, run
from worker.process import ProgramFailed
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


class AacEncoding:
    """Sound on its way to being AAC-LC, while other work is done."""

    def __init__(self, program: Beside, path: Path) -> None:
        self._program = program
        self._path = path

    def watched(self, report: ReportShare) -> ReportShare:
        """A report of the other work, which raises what `finished` would as soon as that is known."""

        def tell(share: float) -> None:
            with _sound_named():
                self._program.look()
            report(share)

        return tell

    def finished(self, report: ReportShare) -> Path:
        """Waits for the file: its priming samples are before time 0, its length is exact.

        Raises:
            RenderFailed: it can't be encoded.
            ChildKilled: a child process died of a signal.
        """
        with _sound_named():
            self._program.wait(report)
        return self._path


@contextmanager
def encoding_aac(sound: Sound, folder: Path) -> Iterator[AacEncoding]:
    """Begins to encode the sound as `folder`/sound.m4a, on one core; ends with the block at the latest."""
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
    with beside(command(graph, bounds, expected_seconds=sound.duration_seconds)) as program:
        yield AacEncoding(program, path)


@contextmanager
def _sound_named() -> Iterator[None]:
    try:
        yield
    except ProgramFailed as error:
        raise RenderFailed("The sound could not be encoded.", error.stderr) from error


def mux(video: VideoTrack, aac: Path, sound: Sound, path: Path, report: ReportShare) -> None:
    """Copies both tracks to `path`, the index (moov) first.

    The movie's clock ticks once per sample, so that the edit list cuts the sound exactly. A talking portrait
    says in its metadata that it is one; nothing else is said in any file.

    Raises:
        RenderFailed: the tracks can't be joined.
        ChildKilled: a child process died of a signal.
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
    try:
        run(graph, bounds, expected_seconds=seconds, report=report)
    except ProgramFailed as error:
        raise RenderFailed("The video and the sound could not be joined.", error.stderr) from error
