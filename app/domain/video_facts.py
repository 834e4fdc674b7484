"""The facts of a finished video: one record from the render to the row, the answer and the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.states import MotionMade
from app.domain.warnings import Notice


@dataclass(frozen=True)
class VideoFacts:
    """What there is to say about a video; its sides are in pixels.

    `loudness` and `loudness_before` are in LUFS, of the video and of the upload; None where no loudness was
    asked for, or none can be measured.
    """

    motion: MotionMade
    notices: Sequence[Notice]
    duration_seconds: float
    width: int
    height: int
    loudness: float | None = None
    loudness_before: float | None = None
