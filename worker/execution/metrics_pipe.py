"""A tube from a horse to its worker, which writes down what the horse counts, and outlives it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from app.metrics import counters

#: More than a horse says in its life.
_MOST_BYTES = 1 << 16


class Note(NamedTuple):
    """What a horse counted, as `metrics.note` takes it."""

    name: str
    labels: tuple[str, ...]
    value: float


class MetricsPipe:
    """Made before the fork; then the horse speaks and its worker listens."""

    def __init__(self) -> None:
        self._mouth, self._ear = os.pipe()[::-1]
        os.set_blocking(self._mouth, False)
        os.set_blocking(self._ear, False)

    def speak(self) -> None:
        """In the horse: what is noted from here on goes to its worker."""
        os.close(self._ear)
        counters.hand_over(self._tell)

    def listen(self) -> list[Note]:
        """In the worker, when the horse has ended: notes what it said, and returns it."""
        os.close(self._mouth)
        notes = list(self._heard())
        for name, labels, value in notes:
            counters.note(name, *labels, value=value)
        os.close(self._ear)
        return notes

    def _tell(self, name: str, labels: tuple[str, ...], value: float) -> None:
        # A full tube loses a count, and not the render.
        with suppress(BlockingIOError):
            os.write(self._mouth, json.dumps([name, labels, value]).encode() + b"\n")

    def _heard(self) -> Iterator[Note]:
        said = b""
        # It is empty, or another process of the horse's has its end yet.
        with suppress(BlockingIOError):
            while more := os.read(self._ear, _MOST_BYTES):
                said += more
        for name, labels, value in map(json.loads, said.splitlines()):
            yield Note(name, tuple(labels), value)
