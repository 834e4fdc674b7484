"""One job until it ends: by the events that the service sends, or by asking again and again."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import httpx
from pydantic import ValidationError

from app.client.backoff import Backoff
from app.client.errors import TookTooLong
from app.client.events import Event, events
from app.client.http import Wire, path_of, retry_after_seconds
from app.client.results import Status

#: The service sends a comment after 15 s of silence: after twice that there is nobody.
SILENCE_SECONDS = 30.0
POLL_SECONDS = 2.0
LONGEST_POLL_SECONDS = 30.0
STATUS_EVENTS = frozenset({"status", "completed", "failed", "cancelled"})


class Watch:
    """Looks at a job until it ends. `timeout_seconds` None: as long as it takes."""

    def __init__(self, wire: Wire, job_id: str, timeout_seconds: float | None) -> None:
        self._wire = wire
        self._job_id = job_id
        self._patience = Backoff(timeout_seconds)
        self._may_have_events = True
        self._etag = ""
        self._seen: Status | None = None
        self._pause_seconds = POLL_SECONDS

    def looks(self) -> Generator[Status]:
        """What there is to see, at once and then as it changes; the last one has ended.

        Raises:
            TookTooLong: it hasn't by then. What `Wire.call` raises.
        """
        while True:
            yield from self._told()
            yield self._asked()
            self._pause()

    def _pause(self) -> None:
        """There is a last look when the time is over."""
        left_seconds = self._patience.left_seconds
        if not left_seconds:
            raise TookTooLong(self._job_id)
        time.sleep(min(self._pause_seconds, left_seconds))

    def _told(self) -> Iterator[Status]:
        """Until the stream ends or breaks, or there is no time to wait for one that says nothing."""
        headers = {"Accept": "text/event-stream"}
        path = path_of("jobs", self._job_id, "events")
        if not self._has_time_for_events():
            return
        try:
            with self._wire.stream(path, headers=headers, read_seconds=SILENCE_SECONDS) as answer:
                self._may_have_events = _is_event_stream(answer)
                if self._may_have_events:
                    yield from self._read(answer)
        except httpx.RequestError:
            # Whoever asks now is told what is wrong.
            return

    def _has_time_for_events(self) -> bool:
        return self._may_have_events and self._patience.left_seconds > SILENCE_SECONDS

    def _read(self, answer: httpx.Response) -> Iterator[Status]:
        for event in events(answer.iter_lines()):
            status = _status_of(event)
            if status:
                yield status
            if not self._has_time_for_events():
                return

    def _asked(self) -> Status:
        patience = Backoff(min(self._wire.timeout_seconds, self._patience.left_seconds))
        headers = {"If-None-Match": self._etag} if self._etag else {}
        answer = self._wire.call("GET", path_of("status", self._job_id), patience=patience, headers=headers)
        told_seconds = retry_after_seconds(answer)
        self._pause_seconds = min(LONGEST_POLL_SECONDS, told_seconds or POLL_SECONDS)
        if answer.status_code != httpx.codes.NOT_MODIFIED or not self._seen:
            self._seen = self._wire.read(answer, Status)
            self._etag = answer.headers.get("ETag", "")
        return self._seen


def _is_event_stream(answer: httpx.Response) -> bool:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    return answer.status_code == httpx.codes.OK and media_type == "text/event-stream"


def _status_of(event: Event | None) -> Status | None:
    """None for what isn't a status object: the job has been deleted, say."""
    if not event or event.name not in STATUS_EVENTS:
        return None
    try:
        return Status.model_validate_json(event.data)
    except ValidationError:
        return None
