"""Tracks: what a face does, frame by frame; computed once for a job, cut where its frames are shared out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

from worker.engines.talking.numerics.arrays import Floats


@dataclass(frozen=True)
class FrameTracks:
    """Arrays of float32, one value per frame of the video, all of one length."""

    def __len__(self) -> int:
        return len(self.arrays()[0])

    def __getitem__(self, part: slice) -> Self:
        """The same tracks for some of the frames; nothing is copied."""
        return type(self)(*(array[part] for array in self.arrays()))

    def arrays(self) -> list[Floats]:
        """The tracks in the order of their fields."""
        return [getattr(self, field.name) for field in fields(self)]
