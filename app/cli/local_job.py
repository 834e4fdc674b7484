"""A video made here, without a service: what the worker's renderer is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from app.config.settings import Settings
from app.core.plugins import part
from app.domain.options import RenderOptions
from app.domain.states import Phase
from app.domain.video_facts import VideoFacts


@dataclass(frozen=True)
class LocalJob:
    """What to make, of what, and where to put it."""

    portrait: Path
    voice: Path
    out: Path
    options: RenderOptions


class CannotMake(Exception):
    """No video can be made. `sentence` is the one that a service would give, `code` a word for programs."""

    def __init__(self, sentence: str, code: str) -> None:
        self.sentence = sentence
        self.code = code
        super().__init__(sentence)


#: Told the phase, the percent done, and the seconds left if that can be told.
Report = Callable[[Phase, int, int | None], None]


class LocalRenderer(Protocol):
    """Makes the video in this process, within the limits of `settings`. Call it from the main thread.

    Raises:
        CannotMake: there will be none. OSError: a file can't be read or written.
    """

    def __call__(self, order: LocalJob, settings: Settings, report: Report) -> VideoFacts: ...


def local_renderer() -> LocalRenderer:
    """The worker's, which is no module that this package knows."""
    return cast(LocalRenderer, part("local"))
