"""Server-sent events: a job's status whenever it changes, until it ends.

The format is the HTML standard's, section 9.2 (Server-sent events).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

from app.database.models import Job
from app.domain.states import TERMINAL
from app.jobs import versions
from app.schemas.deletions import DeletedBody
from app.schemas.jobs import Body, Links, StatusBody
from app.web.live.detached_answers import detach_connection, http_bytes
from app.web.live.job_watcher import Watch
from app.web.live.subscribers import Message

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: Shorter than what proxies allow a connection to be silent: nginx 60 s, load balancers the like.
HEARTBEAT_SECONDS = 15.0
HEARTBEAT = b": still here\n\n"
#: How soon a client whose stream broke off comes again: the first line of a stream, in milliseconds.
RETRY = b"retry: 2000\n\n"
#: Another process may be there already.
FAREWELL = b": come again\nretry: 1000\n\n"
MIME_TYPE = "text/event-stream"
HEADERS = {"Content-Type": MIME_TYPE, "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class EventSubscriber:
    """A listener that tells all news of a job as events."""

    def __init__(self, job: Job, last_event_id: str | None, links: Links, *, now_seconds: float) -> None:
        """`last_event_id` is the mark of what the client knows, if it was here before."""
        self.job_id = job.id
        self.mark = last_event_id or ""
        self._links = links
        self._spoke_at = now_seconds
        word = (
            self.hear(job, now_seconds)
            if self.mark != versions.of(job) or job.status in TERMINAL
            else Message(b"")
        )
        #: With this the stream begins; it may be the end, too.
        self.beginning = Message(RETRY + word.data, word.is_last)

    def hear(self, job: Job | None, now_seconds: float) -> Message:
        self._spoke_at = now_seconds
        if job is None:
            return Message(_event("deleted", DeletedBody(job_id=self.job_id)), is_last=True)
        self.mark = versions.of(job)
        has_ended = job.status in TERMINAL
        name = job.status.lower() if has_ended else "status"
        return Message(_event(name, StatusBody.of(job, self._links), self.mark), has_ended)

    def idle(self, now_seconds: float) -> Message | None:
        if now_seconds - self._spoke_at < HEARTBEAT_SECONDS:
            return None
        self._spoke_at = now_seconds
        return Message(HEARTBEAT)

    def farewell(self) -> Message:
        return Message(FAREWELL, is_last=True)


class EventStream(Response):
    """The answer whose body are the events."""

    automatically_set_content_length = False

    def __init__(self, beginning: Message, watch: Watch | None) -> None:
        """Without a watch, the beginning is all."""
        super().__init__([beginning.data], headers=HEADERS)
        self._beginning = beginning
        self._watch = watch

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._watch is None:
            return super().__call__(environ, start_response)
        self._watch.greeting = http_bytes(self, environ)
        if detach_connection(environ, self._watch):
            return []
        self.response = _one_after_another(self._beginning, self._watch)
        return super().__call__(environ, start_response)


def _one_after_another(beginning: Message, watch: Watch) -> Iterable[bytes]:
    yield beginning.data
    yield from watch.words()


def _event(name: str, body: Body, mark: str | None = None) -> bytes:
    """Our JSON is one line, as a line of data has to be."""
    known_by = f"id: {mark}\n" if mark else ""
    return f"{known_by}event: {name}\ndata: ".encode() + body.json_bytes() + b"\n\n"
