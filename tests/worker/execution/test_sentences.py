"""What a person reads when a job failed: one sentence about their file, and nothing of our insides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.media.media_types import MediaType
from tests.support.media_samples import Samples, wav_bytes
from tests.worker.execution.sentences import is_for_a_person
from worker.errors import RenderFailed
from worker.execution.render import render
from worker.execution.stages import RenderConfig, Upload

RUBBISH = bytes(range(256)) * 40


@pytest.mark.parametrize("image_type", [MediaType.JPEG, MediaType.PNG, MediaType.WEBP])
@pytest.mark.parametrize("content", [b"", RUBBISH, b"\x89PNG\r\n\x1a\n" + RUBBISH, b"\xff\xd8\xff" + RUBBISH])
def test_a_bad_picture(samples: Samples, tmp_path: Path, image_type: MediaType, content: bytes) -> None:
    image = tmp_path / "image"
    image.write_bytes(content)

    sentence = sentence_of(
        Upload(image, image_type, samples.tone("ok.wav"), MediaType.WAV, RenderOptions(motion=Motion.STILL)),
        tmp_path,
    )

    assert sentence.startswith("The image file")


@pytest.mark.parametrize("audio_type", [MediaType.MP3, MediaType.WAV, MediaType.M4A, MediaType.OGG])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        RUBBISH,
        b"OggS" + RUBBISH,
        b"\0\0\0\x20ftypM4A " + RUBBISH,
        wav_bytes(b""),
        b"ffconcat version 1.0\nfile x",
    ],
)
def test_a_bad_sound(samples: Samples, tmp_path: Path, audio_type: MediaType, content: bytes) -> None:
    audio = tmp_path / "audio"
    audio.write_bytes(content)

    upload = Upload(samples.picture(), MediaType.PNG, audio, audio_type, RenderOptions(motion=Motion.STILL))

    assert sentence_of(upload, tmp_path).startswith("The audio file")


def test_a_sound_that_is_too_long_names_the_limit(samples: Samples, tmp_path: Path) -> None:
    upload = Upload(
        samples.picture(),
        MediaType.PNG,
        samples.tone("long.wav", seconds=3),
        MediaType.WAV,
        RenderOptions(motion=Motion.STILL),
    )

    assert re.search(r"\d", sentence_of(upload, tmp_path, max_seconds=2))


def sentence_of(upload: Upload, folder: Path, max_seconds: int = 60) -> str:
    """What the render fails with."""
    with pytest.raises(RenderFailed) as failure:
        render(upload, folder, RenderConfig(50_000_000, max_seconds, folder), ignore)
    sentence = failure.value.sentence
    assert is_for_a_person(sentence), sentence
    return sentence


def ignore(_phase: Phase, _share: float) -> None:
    pass
