"""Notices: what was repaired or degraded on the way to the video. The API lists them as `warnings`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One entry of a job's `warnings`: a snake_case `code` for programs, a `message` for a person."""

    code: str
    message: str
