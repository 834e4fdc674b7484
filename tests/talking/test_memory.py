"""A long talk takes no more memory than a short one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.talking.portraits import PICTURE
from tests.talking.voices import repeated, spoken
from worker.scene import Sound

#: The portrait's face alone, small: frames cost little, and there are many.
FACE = (slice(20, 180), slice(140, 300))
#: 13 s of voice, and three minutes.
TIMES = 14
MAX_GROWTH_MIB = 16

#: Talks, and says the peak memory (KiB, getrusage(2)) of itself and of the largest of its children.
TALK = """
import resource, sys
from pathlib import Path
from app.settings import Settings
from app.states import Motion
from worker.scene import Picture, Scene, Sound
from worker.talking.engine import talk

picture, sound, rate, samples, folder = sys.argv[1:]
scene = Scene(Picture(Path(picture), 160, 160), Sound(Path(sound), int(rate), 1, int(samples)),
              Motion.TALKING, Path(folder), Settings().face_model_dir)
talk(scene, lambda _: None)
for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
    print(resource.getrusage(who).ru_maxrss)
"""


def test_a_voice_of_three_minutes_takes_the_memory_of_one_of_thirteen_seconds(tmp_path: Path) -> None:
    short = spoken(tmp_path)
    long = repeated(short, tmp_path / "long.wav", TIMES)

    growth_mib = [
        after - before
        for before, after in zip(peaks_mib(short, tmp_path), peaks_mib(long, tmp_path), strict=True)
    ]

    assert growth_mib == pytest.approx([0, 0], abs=MAX_GROWTH_MIB)


def peaks_mib(sound: Sound, folder: Path) -> list[float]:
    """Of the process that talks, and of the largest of those that draw and encode."""
    picture = folder / "face.png"
    cv2.imwrite(str(picture), cv2.imread(str(PICTURE))[FACE])
    arguments = [str(picture), str(sound.path), str(sound.sample_rate), str(sound.samples), str(folder)]
    said = subprocess.run(
        [sys.executable, "-c", TALK, *arguments], capture_output=True, check=True, timeout=300, text=True
    )
    return [int(line) / 1024 for line in said.stdout.split()]
