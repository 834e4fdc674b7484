"""Viewers sent on: with VIDEO_REDIRECT the store serves the videos, and we only say where they are."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from app.core import clock
from app.database.models import Job
from app.jobs import queries
from app.web.http.context import services

#: A player goes on with the address that it was sent to: while the video lasts, and this for pauses.
PAUSE_SECONDS = 3600


def address(job: Job, expires_at: int) -> str | None:
    """Where the store serves the video, not beyond `expires_at` (Unix seconds); None where we serve it."""
    if not services().settings.video_redirect:
        return None
    left_seconds = expires_at - int(clock.now_seconds())
    playing_seconds = PAUSE_SECONDS + round(job.duration_seconds or 0)
    return services().storage.presign(
        queries.output_key(job.id, job.generation),
        "HEAD" if request.method == "HEAD" else "GET",
        max(1, min(left_seconds, playing_seconds)),
    )


def origins() -> list[str]:
    """Whom a page must be allowed to take videos from, besides ourselves."""
    if not services().settings.video_redirect:
        return []
    anything = services().storage.presign("outputs", "GET", 1)
    parts = urlsplit(anything or "")
    return [f"{parts.scheme}://{parts.netloc}"]
