"""Films of the engine: made as a job makes them, and what is in them frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.media.media_types import MediaType
from tests.support.paths import PORTRAIT, VOICE
from tests.worker.engines.talking import voices
from tests.worker.engines.talking.readback import Lead, lead, openings
from tests.worker.engines.talking.voices import Samples
from worker.engines.talking.numerics.arrays import Floats, Image
from worker.engines.talking.performance import Performance
from worker.execution.render import Rendered, render
from worker.execution.stages import RenderConfig, Upload
from worker.scene import Sound
from worker.video_format import FRAME_RATE

TERMS = RenderConfig(50_000_000, 14_400, Settings().face_model_dir)


class Shown(NamedTuple):
    """How far the mouth is open in each frame: as it was commanded, and as the mesh reads it back.

    `is_told`: the frame shows what was commanded, and not the picture's own mouth at rest.
    """

    commanded: Floats
    read: Floats
    is_told: Floats

    @property
    def obedience(self) -> float:
        """The correlation of what was commanded and what is read."""
        return float(np.corrcoef(self.commanded[self.is_told], self.read[self.is_told])[0, 1])


def made(
    folder: Path, image: Path = PORTRAIT, audio: Path = VOICE, motion: Motion = Motion.TALKING
) -> Rendered:
    image_type = MediaType.JPEG if image.suffix == ".jpg" else MediaType.PNG
    audio_type = MediaType.MP3 if audio.suffix == ".mp3" else MediaType.WAV
    return render(
        Upload(image, image_type, audio, audio_type, RenderOptions(motion=motion)), folder, TERMS, ignore
    )


def ignore(_phase: Phase, _share: float) -> None:
    """Takes no interest in progress."""


def shown(folder: Path, picture: Image, samples: Samples, rate: int = voices.RATE) -> Shown:
    """Makes `folder`/output.mp4 of the picture and the voice, and reads it back."""
    image, audio = folder / "face.png", folder / "voice.wav"
    cv2.imwrite(str(image), picture)
    voices.written(audio, samples, rate)
    rendered = made(folder, image, audio)
    performance = Performance.load(folder / "performance.npz")
    read = openings(frames_of(rendered.path), performance.points)
    return Shown(performance.mouth.aperture, read, performance.rest == 0)


def frames_of(path: Path, first: int = 0, end: int | None = None) -> Iterator[Image]:
    """The frames from `first` up to `end`, blue first; what lies before is skipped by its key frames."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.time_base
        file.seek(round(first / FRAME_RATE / stream.time_base), stream=stream)
        for frame in file.decode(stream):
            index = round(float((frame.pts or 0) * stream.time_base) * FRAME_RATE)
            if end is not None and index >= end:
                return
            if index >= first:
                yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def leads(film: Path, sound: Sound, read_seconds: float) -> tuple[Lead, Lead]:
    """How far the mouth is ahead of a mono voice in the first and in the last seconds of `film`.

    What was performed in it must lie beside it.
    """
    points = Performance.load(film.with_name("performance.npz")).points
    samples, frames = voices.read(sound)[:, 0], round(sound.duration_seconds * FRAME_RATE)
    count = min(frames, round(read_seconds * FRAME_RATE))
    first, last = (
        _lead(openings(frames_of(film, begin, begin + count), points), samples, sound.sample_rate, begin)
        for begin in (0, frames - count)
    )
    return first, last


def _lead(opening: Floats, samples: Samples, rate: int, first_frame: int) -> Lead:
    begin, end = (round(frame * rate / FRAME_RATE) for frame in (first_frame, first_frame + len(opening)))
    return lead(opening, samples[begin:end], rate)
