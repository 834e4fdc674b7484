"""A long talk takes no more memory than a short one, and mouth and voice don't drift apart.

What getrusage(2) calls the peak begins with that of whoever started the process; VmHWM of proc(5) is its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from tests.support.paths import PORTRAIT
from tests.worker.engines.talking.films import leads
from tests.worker.engines.talking.voices import repeated, spoken
from worker.engines.talking.motion.head_track import HeadTrack
from worker.engines.talking.motion.mouth_track import MouthTrack
from worker.engines.talking.performance import Performance
from worker.scene import Sound
from worker.video_format import FRAME_RATE

#: The portrait's face alone, small: frames cost little, and there are many.
FACE = (140, 20, 300, 180)
#: 13 s of voice, and a minute.
TIMES = 5
LONG_FRAMES, SHORT_FRAMES = 1_500, 300
MAX_GROWTH_MIB = 16
#: Of the film, at both ends.
READ_SECONDS = 12

PEAK = """
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""
TALK = f"""
import sys
from pathlib import Path
from app.config.settings import Settings
from app.domain.states import Motion
from worker.scene import Picture, Scene, Sound
from worker.engines.talking.engine import talk

folder, sound, rate, samples = sys.argv[1:]
picture, voice = Picture(Path(folder, "face.png"), 160, 160), Sound(Path(sound), int(rate), 1, int(samples))
talk(Scene(picture, voice, Motion.TALKING, Path(folder), Settings().face_model_dir), lambda _: None)
{PEAK}
"""
FILM = f"""
import sys
from worker.engines.talking.chunk import main

assert main(sys.argv[1:]) == 0
{PEAK}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    Picture.open(PORTRAIT).crop(FACE).save(folder / "face.png")
    return folder


@pytest.fixture(scope="module")
def short_talk_mib(folder: Path) -> float:
    """Leaves what was performed in `folder`."""
    return talking_mib(spoken(folder), folder)


@dataclass(frozen=True)
class LongTalk:
    """A minute of voice; their video, without sound, and what was performed in it are in `folder`."""

    folder: Path
    sound: Sound
    peak_mib: float


@pytest.fixture(scope="module")
def long_talk(folder: Path) -> LongTalk:
    own = folder / "long"
    shutil.copytree(folder, own)
    sound = repeated(spoken(own), own / "long.wav", TIMES)
    return LongTalk(own, sound, talking_mib(sound, own))


def test_who_listens_for_a_minute_needs_the_memory_of_thirteen_seconds(
    short_talk_mib: float, long_talk: LongTalk
) -> None:
    assert long_talk.peak_mib - short_talk_mib < MAX_GROWTH_MIB


def test_mouth_and_voice_fit_after_a_minute_as_they_did_at_the_start(long_talk: LongTalk) -> None:
    first, last = leads(long_talk.folder / "talking.mp4", long_talk.sound, READ_SECONDS)

    assert abs(first.milliseconds - last.milliseconds) <= 1_000 / FRAME_RATE
    assert all(0 <= found.milliseconds <= 80 for found in (first, last))
    # Lips that shut for p, b and m where the voice is loud fit its envelope less than ones that follow it.
    assert min(first.correlation, last.correlation) > 0.25


@pytest.mark.usefixtures("short_talk_mib")
def test_who_draws_a_minute_needs_the_memory_of_twelve_seconds(folder: Path) -> None:
    short, long = folder / "performance.npz", folder / "long.npz"
    performance = Performance.load(short)
    longer = replace(
        performance,
        mouth=MouthTrack(*(np.resize(track, LONG_FRAMES) for track in performance.mouth.arrays())),
        head=HeadTrack(*(np.resize(track, LONG_FRAMES) for track in performance.head.arrays())),
        rest=np.resize(performance.rest, LONG_FRAMES),
    )
    longer.save(long)

    assert drawing_mib(long, LONG_FRAMES) - drawing_mib(short, SHORT_FRAMES) < MAX_GROWTH_MIB


def talking_mib(sound: Sound, folder: Path) -> float:
    """The peak of the process that hears the voice and starts the others."""
    return peak_mib(TALK, folder, sound.path, sound.sample_rate, sound.samples)


def drawing_mib(performance: Path, frames: int) -> float:
    """The peak of the process that draws so many frames."""
    return peak_mib(FILM, performance, 0, frames, performance.with_name("chunk.mp4"))


def peak_mib(program: str, *arguments: object) -> float:
    argv = [sys.executable, "-c", program, *map(str, arguments)]
    said = subprocess.run(argv, capture_output=True, check=True, timeout=300, text=True)
    return int(said.stdout.split()[-1]) / 1024
