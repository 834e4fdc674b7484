"""A program that gives up while the video is made: that is no fault of the upload, and never told as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.media.media_types import MediaType
from tests.support.broken_tools import broken_ffmpeg
from tests.support.media_samples import Samples
from tests.support.paths import PORTRAIT
from worker.execution.render import render
from worker.execution.stages import RenderConfig, Upload
from worker.sandbox.runner import ProgramFailed

TERMS = RenderConfig(50_000_000, 60, Settings().face_model_dir)


@pytest.mark.parametrize(
    ("motion", "seconds", "product"),
    [
        (Motion.STILL, 1, "opening.h264"),
        (Motion.STILL, 1, "gop.mp4"),
        (Motion.TALKING, 1, "talking-0000.mp4"),
        (Motion.TALKING, 4, "talking.mp4"),
        (Motion.STILL, 11, "part000000000.aac"),
        (Motion.STILL, 1, "sound.m4a"),
        (Motion.STILL, 1, "output.mp4"),
    ],
)
def test_what_gives_up_while_making_is_not_the_upload_s_fault(
    samples: Samples,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    motion: Motion,
    seconds: int,
    product: str,
) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(broken_ffmpeg(tmp_path, product)))
    voice = samples.tone(f"voice-{seconds}.wav", seconds=seconds)
    upload = Upload(PORTRAIT, MediaType.JPEG, voice, MediaType.WAV, RenderOptions(motion=motion))

    with pytest.raises(ProgramFailed, match="the machine is unwell"):
        render(upload, tmp_path, TERMS, ignore)


def ignore(_phase: Phase, _share: float) -> None:
    pass
