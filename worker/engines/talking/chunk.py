"""One chunk of the video, in a process of its own: `python -m worker.engines.talking.chunk PERFORMANCE START
END OUT`

Frames from START up to END of a saved performance become an MP4 that begins with a key frame. Progress
goes to stdout as ffmpeg's would.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import ffmpeg

from worker import video_format
from worker.engines.talking.actor import Actor
from worker.engines.talking.performance import Performance
from worker.sandbox import runner
from worker.sandbox.command import Command
from worker.sandbox.ffmpeg import ANONYMOUS, executable, local, reach_of
from worker.sandbox.resource_limits import Bounds
from worker.video_format import FRAME_RATE, TIMESCALE

#: Told to the parent after so many frames.
REPORT_FRAMES = 10

#: The parent's bounds are what ends us; these only have to be wider.
BOUNDS = Bounds(deadline_seconds=86_400)

#: All key frames get one and the same quantiser: what stands still looks much alike after each of them. Where
#: the encoder may choose (crf, adaptive quantisation, mbtree), the picture jumps further, and takes longer.
#: They are finer than the others: most of the picture is only ever drawn there, the rest is skipped.
KEY_FRAME_QUANTISER, QUANTISER = 16, 23
#: Grain (see `grain_of`) that sways with the head has to be drawn anew in every frame, and would fill the
#: file. Above this, a coarser quantiser lets go of it.
FINE_GRAIN, QUANTISER_PER_GRAIN, MAX_COARSER = 3.0, 1.6, 5

#: Weighted prediction is for fades. A face that sways is made of small differences: dropping them
#: (dct-decimate) costs time, and more quality than a coarser quantiser that takes as many bytes.
X264 = f"{video_format.X264}:threads=1:weightp=0:no-dct-decimate=1"


def quantiser_for(grain: float) -> int:
    """The quantiser of a picture with so much grain, between its key frames."""
    return QUANTISER + round(min(max(0.0, (grain - FINE_GRAIN) * QUANTISER_PER_GRAIN), MAX_COARSER))


def encoder(width: int, height: int, path: Path, quantiser: int = QUANTISER) -> list[str]:
    """argv of an ffmpeg that takes I420 frames on its standard input."""
    # A quantiser step is a sixth of an octave (ITU-T H.264, 8.5.9).
    finer = 2 ** ((quantiser - KEY_FRAME_QUANTISER) / 6)
    planes = ffmpeg.input(
        "pipe:0", f="rawvideo", pix_fmt="yuv420p", s=f"{width}x{height}", framerate=FRAME_RATE
    )
    graph = video_format.labelled(planes).output(
        local(path),
        f="mp4",
        vcodec="libx264",
        preset="superfast",
        **{"profile:v": "high", "x264-params": f"{X264}:qp={quantiser}:ipratio={finer:.3f}"},
        video_track_timescale=TIMESCALE,
        **ANONYMOUS,
    )
    program, *arguments = ffmpeg.compile(graph, cmd=executable(), overwrite_output=True)
    return [program, "-hide_banner", "-loglevel", "error", *arguments]


def film(performance: Performance, start: int, end: int, path: Path) -> None:
    """Draws and encodes the frames.

    Raises:
        What `process.verdict` gives.
    """
    actor = Actor(performance)
    argv = encoder(actor.width, actor.height, path, quantiser_for(actor.grain))
    command = Command(argv, BOUNDS, file_access=reach_of(argv))
    with runner.caged(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        _feed(child, actor, start, end)
        _, stderr = child.communicate()
    if child.returncode != 0:
        raise runner.verdict(child.returncode, stderr.decode(errors="replace"))


def _feed(child: subprocess.Popen[bytes], actor: Actor, start: int, end: int) -> None:
    assert child.stdin
    try:
        for made, frame in enumerate(actor.frames(start, end), start=1):
            child.stdin.write(frame.data)
            if made % REPORT_FRAMES == 0:
                print(f"out_time_us={made * 1_000_000 // FRAME_RATE}", flush=True)
    except BrokenPipeError:
        pass  # It has given up; its exit code and last words say why.


def main(arguments: list[str]) -> int:
    performance, start, end, path = arguments
    cv2.setNumThreads(1)
    try:
        film(Performance.load(Path(performance)), int(start), int(end), Path(path))
    except runner.ProgramFailed as error:
        print(error.stderr, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
