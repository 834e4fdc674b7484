"""`Prefer: wait=N`: an answer given when the job has ended, or after N seconds with what there is then.

RFC 7240, section 4.3. It is a wish: where no place is left for one who waits, the answer comes at once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Response, request

from app.database.models import Job
from app.domain.states import TERMINAL
from app.errors import TooManyStreams
from app.jobs import versions
from app.web.http.auth import caller
from app.web.http.context import services
from app.web.live.detached_answers import detach_connection, http_bytes
from app.web.live.job_watcher import Watch
from app.web.live.subscribers import Message

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_WAIT_SECONDS = 60
_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?=$|[,;])', re.IGNORECASE)

#: Puts a job into an answer.
Show = Callable[[Response, Job], None]


def wait_seconds() -> int:
    """How long the client of the current request would wait; 0 if it wouldn't."""
    wished = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(wished[1]), MAX_WAIT_SECONDS) if wished and request.method != "HEAD" else 0


def delayed(answer: Response, job_id: str, show: Show, *, has_ended: bool = False) -> Response:
    """The answer at its time: as `show` makes it of the job that was waited for, else as it is.

    Says in `Preference-Applied` whether the client's wish was heard.
    """
    seconds = wait_seconds()
    if not seconds:
        return answer
    heard = answer if has_ended else _waiting(answer, Waiter(job_id, seconds), show)
    if heard:
        heard.headers["Preference-Applied"] = f"wait={seconds}"
    return heard or answer


def _waiting(answer: Response, waiter: Waiter, show: Show) -> Response | None:
    try:
        watch = services().job_watcher.admit(waiter, caller().id)
    except TooManyStreams:
        return None
    return DelayedAnswer(answer, waiter, watch, show)


class Waiter:
    """A listener with one thing to say, once: how the job is when it has ended, or when time is up."""

    def __init__(self, job_id: str, seconds: float) -> None:
        self.job_id = job_id
        self.mark = ""
        self.job: Job | None = None
        #: The whole answer, as bytes of HTTP, by what is known of the job.
        self.answer: Callable[[Job | None], bytes] = lambda _job: b""
        self._ends_at = time.monotonic() + seconds

    def hear(self, job: Job | None, now_seconds: float) -> Message | None:
        if job is None:
            return self.farewell()
        self.job, self.mark = job, versions.of(job)
        return self.farewell() if job.status in TERMINAL else self.idle(now_seconds)

    def idle(self, now_seconds: float) -> Message | None:
        return self.farewell() if now_seconds >= self._ends_at else None

    def farewell(self) -> Message:
        return Message(self.answer(self.job), is_last=True)


class DelayedAnswer(Response):
    """An answer that is there already, in case nothing better can be said."""

    def __init__(self, answer: Response, waiter: Waiter, watch: Watch, show: Show) -> None:
        super().__init__(answer.get_data(), answer.status, answer.headers)
        self._waiter = waiter
        self._watch = watch
        self._show = show

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # What the application puts on every answer is on this one by now.
        given = Response(self.get_data(), self.status, self.headers)
        show = self._show
        self._waiter.answer = lambda job: http_bytes(_shown(given, show, job), environ)
        if detach_connection(environ, self._watch):
            return []
        for _ in self._watch.words():
            pass
        return _shown(given, self._show, self._waiter.job)(environ, start_response)


def _shown(given: Response, show: Show, job: Job | None) -> Response:
    """A copy, as two threads may ask for it: the one that watches, and the one that stops."""
    answer = Response(given.get_data(), given.status, given.headers.copy())
    if job:
        show(answer, job)
    return answer
