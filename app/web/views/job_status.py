"""How a job is, for a client that asks, for one that would rather wait, and for one that stays."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request
from werkzeug.http import generate_etag

from app.database.models import Job
from app.domain.states import TERMINAL
from app.errors import JobNotFound, TooManyStreams
from app.schemas.jobs import Links, StatusBody
from app.web.http.auth import asked_job, caller
from app.web.http.context import services
from app.web.openapi import parameters
from app.web.openapi.operations import Answer, Parameter, Tag, described
from app.web.views.events import MIME_TYPE, EventStream, EventSubscriber
from app.web.views.prefer_wait import delayed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

live = Blueprint("live", __name__, url_prefix="/api")

POLL_AFTER_SECONDS = 2
#: How a client says, in WSGI's words, what it has already.
_CONDITIONS = frozenset({"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"})
LAST_EVENT_ID = Parameter(
    "Last-Event-ID", "header", {"type": "string"}, "The `id` of the last event you heard: only news follow."
)


@live.get("/status/<job_id>")
@described(
    "How a job is",
    Tag.JOBS,
    Answer(
        "Its status object.",
        (StatusBody,),
        headers=(parameters.ETAG, parameters.RETRY_AFTER, parameters.PREFERENCE_APPLIED),
    ),
    Answer("It is still as you know it.", status=304, media_type=None, headers=(parameters.ETAG,)),
    parameters=(parameters.PREFER, parameters.IF_NONE_MATCH),
    raises=(JobNotFound,),
)
def status(job_id: str) -> Response:
    job = _own(job_id)
    show = partial(_show, services().links, request.environ)
    response = Response(content_type="application/json")
    show(response, job)
    return delayed(response, job_id, show, has_ended=job.status in TERMINAL)


@live.get("/jobs/<job_id>/events")
@described(
    "Follow a job",
    Tag.JOBS,
    Answer("Events, each with the status object as its data, until the job ends.", media_type=MIME_TYPE),
    parameters=(LAST_EVENT_ID,),
    raises=(JobNotFound, TooManyStreams),
    details="A `status` whenever something changed, at last one of `completed`, `failed`, `cancelled` and"
    " `deleted`. After 15 s of silence there is a comment.",
)
def events(job_id: str) -> Response:
    job, known = _own(job_id), request.headers.get("Last-Event-ID")
    follower = EventSubscriber(job, known, services().links, now_seconds=time.monotonic())
    is_all = follower.beginning.is_last or request.method == "HEAD"
    watch = None if is_all else services().job_watcher.admit(follower, caller().id)
    return EventStream(follower.beginning, watch)


def _own(job_id: str) -> Job:
    job = asked_job()
    if job is None or job.id != job_id:
        raise JobNotFound
    return job


def _show(links: Links, environ: WSGIEnvironment, response: Response, job: Job) -> None:
    """The status object, or 304 where the client of `environ` has it already (RFC 9110, section 13.1.2)."""
    response.status_code = 200
    response.data = body = StatusBody.of(job, links).json_bytes()
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(generate_etag(body))
    response.headers.pop("Retry-After", None)
    if job.status not in TERMINAL:
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    if not _CONDITIONS.isdisjoint(environ):
        response.make_conditional(environ)
