"""Scenes to make videos of, as a job comes to have them."""

from __future__ import annotations

from pathlib import Path

from app.config.settings import Settings
from app.domain.states import Motion
from app.media.media_types import MediaType
from tests.support.media_samples import wav_bytes
from worker.picture.normalisation import normalise
from worker.scene import Scene
from worker.sound.decoding import decode

#: Of the sound: 60 frames.
SECONDS = 2.4
RATE = 44_100


def nobody(_: float) -> None:
    """Takes no interest in progress."""


def scene_of(image: Path, folder: Path, image_type: MediaType = MediaType.PNG) -> Scene:
    """The picture with a silence of SECONDS."""
    picture = normalise(image, image_type, folder, max_pixels=10**7)
    silence = folder / "silence.wav"
    silence.write_bytes(wav_bytes(bytes(2 * round(SECONDS * RATE)), sample_rate=RATE))
    sound = decode(silence, MediaType.WAV, folder, max_seconds=60, report=nobody)
    return Scene(picture, sound, Motion.AUTO, folder, Settings().face_model_dir)
