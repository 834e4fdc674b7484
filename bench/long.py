"""A long talk: its memory, and whether mouth and voice drift apart.

    python -m bench.long [MINUTES]   (ten, if it isn't said)

The example voice over and over, and the example portrait's face at 256x256. Prints the resident memory of the
worker and of the largest process that draws, in the first and the last third of the time; the length of video
and voice; and how far the mouth is ahead of the voice in the first and in the last minute.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import av
import psutil
from PIL import Image as Picture

from tests.support.paths import PORTRAIT
from tests.worker.engines.talking.films import leads, made
from tests.worker.engines.talking.voices import repeated, spoken
from worker.scene import Sound
from worker.video_format import FRAME_RATE

#: Her face in the example portrait, and the side of the picture that is made of it.
FACE, SIDE_PX = (120, 20, 320, 220), 256

DEFAULT_MINUTES = 10
POLL_SECONDS = 0.25
READ_SECONDS = 60
#: In the command line of a process that draws.
DRAWING = "worker.engines.talking.chunk"


class Memory(NamedTuple):
    """Resident bytes at one moment: the worker's, and the largest drawing process's (0 if there is none)."""

    worker: int
    drawing: int


def job(folder: Path) -> None:
    """One job as the worker does it: makes `folder`/output.mp4 with `folder`/voice.wav."""
    picture = folder / "face.png"
    Picture.open(PORTRAIT).crop(FACE).resize((SIDE_PX, SIDE_PX), Picture.Resampling.LANCZOS).save(picture)
    made(folder, picture, folder / "voice.wav")


def watched(folder: Path) -> list[Memory]:
    """Runs the job in a process of its own; its memory, sample by sample."""
    argv = [sys.executable, "-m", "bench.long", "--job", str(folder)]
    with subprocess.Popen(argv) as process:
        try:
            found = list(_samples(process))
        finally:
            process.kill()
    assert process.returncode == 0
    return found


def _samples(process: subprocess.Popen[bytes]) -> Iterator[Memory]:
    worker = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            drawing = [child for child in worker.children(recursive=True) if DRAWING in child.cmdline()]
            yield Memory(
                worker.memory_info().rss, max((child.memory_info().rss for child in drawing), default=0)
            )
        except psutil.NoSuchProcess:
            pass  # It ended while we looked.
        time.sleep(POLL_SECONDS)


def long_voice(folder: Path, minutes: float) -> Sound:
    voice = spoken(folder)
    return repeated(voice, folder / "voice.wav", max(1, round(minutes * 60 / voice.duration_seconds)))


def lengths(path: Path) -> tuple[int, float]:
    """Frames of the video; seconds of the sound."""
    with av.open(str(path)) as file:
        sound = file.streams.audio[0]
        assert sound.time_base
        return file.streams.video[0].frames, float((sound.duration or 0) * sound.time_base)


def thirds(memory: Sequence[Memory], which: str) -> tuple[float, float]:
    """The peaks in MiB of the first and the last third of the samples in which there was such a process."""
    values = [value for each in memory if (value := getattr(each, which))]
    third = len(values) // 3
    return max(values[:third]) / (1 << 20), max(values[-third:]) / (1 << 20)


def main(minutes: float = DEFAULT_MINUTES) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sound = long_voice(folder, minutes)
        begun_at = time.monotonic()
        memory = watched(folder)
        seconds = time.monotonic() - begun_at
        print(f"{sound.duration_seconds:.2f} s of voice in {seconds:.0f} s")
        for which in Memory._fields:
            first, last = thirds(memory, which)
            print(f"{which}: peak {first:.0f} MiB in the first third, {last:.0f} MiB in the last")
        frames, sound_seconds = lengths(folder / "output.mp4")
        print(
            f"video {frames / FRAME_RATE:.2f} s, sound {sound_seconds:.6f} s of {sound.duration_seconds:.6f}"
        )
        found = leads(folder / "output.mp4", sound, READ_SECONDS)
        for where, ahead in zip(("first", "last"), found, strict=True):
            print(f"{where} minute: the mouth leads by {ahead.milliseconds} ms (r {ahead.correlation:.2f})")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--job"]:
        job(Path(sys.argv[2]))
    else:
        main(*map(float, sys.argv[1:]))
