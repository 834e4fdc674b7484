"""How a job is, for a client that asks, for one that would rather wait, and for one that stays."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from app import ids, jobs
from app.errors import JobNotFound
from app.models import Job
from app.payloads import Links, StatusBody
from app.states import TERMINAL
from app.web.auth import caller
from app.web.events import EventStream, Follower
from app.web.patience import delayed
from app.web.services import services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

live = Blueprint("live", __name__, url_prefix="/api")

POLL_AFTER_SECONDS = 2


@live.get("/status/<job_id>")
def status(job_id: str) -> Response:
    job = _own(job_id)
    show = partial(_show, services().links, request.environ)
    response = Response(mimetype="application/json")
    show(response, job)
    return delayed(response, job_id, show, has_ended=job.status in TERMINAL)


@live.get("/jobs/<job_id>/events")
def events(job_id: str) -> Response:
    job, known = _own(job_id), request.headers.get("Last-Event-ID")
    follower = Follower(job, known, services().links, now_seconds=time.monotonic())
    is_all = follower.beginning.is_last or request.method == "HEAD"
    watch = None if is_all else services().lookout.admit(follower, caller().id)
    return EventStream(follower.beginning, watch)


def _own(job_id: str) -> Job:
    if not ids.is_id(job_id):
        raise JobNotFound
    return jobs.get(services().database, job_id, owner=caller().id)


def _show(links: Links, environ: WSGIEnvironment, response: Response, job: Job) -> None:
    """The status object, or 304 where the client of `environ` has it already (RFC 9110, section 13.1.2)."""
    response.status_code = 200
    response.data = StatusBody.of(job, links).json_bytes()
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.add_etag(overwrite=True)
    response.headers.pop("Retry-After", None)
    if job.status not in TERMINAL:
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    response.make_conditional(environ)
