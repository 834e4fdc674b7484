"""What there is to know about a process before it is started."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from worker.sandbox.file_access import FileAccess
from worker.sandbox.progress_reader import ProgressReader
from worker.sandbox.resource_limits import Bounds


def bare_environment() -> dict[str, str]:
    """What our own children get: arenas would eat address space, and messages are to be in English."""
    return {"MALLOC_ARENA_MAX": "2", "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)}


@dataclass(frozen=True)
class Command:
    """A program with its arguments, which may tell its progress on stdout in the way that `reader` reads.

    `file_access` is what it may open; a foreign one may open what it likes.
    `environment` is all that it gets of one; without, it is `bare_environment`. `folder` is where it starts.
    """

    argv: Sequence[str]
    bounds: Bounds
    expected_seconds: float | None = None
    file_access: FileAccess = field(default_factory=FileAccess)
    environment: Mapping[str, str] = field(default_factory=bare_environment)
    folder: Path | None = None
    reader: type[ProgressReader] = ProgressReader
