"""The operator's page and what it asks. A view reads, calls one verb, and answers."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from app.core import ids
from app.errors import JobNotFound, StorageUnavailable
from app.errors.keys import AdminRequired
from app.errors.operator import KeyIsBusy, NotFailed, UploadsGone
from app.jobs import operator_retry
from app.operations import overview
from app.operations.schemas import OverviewBody
from app.schemas.jobs import DoneBody
from app.web.http import headers
from app.web.http.auth import require_admin
from app.web.http.context import services
from app.web.http.responses import answer
from app.web.openapi.operations import HTML, Answer, Tag, described

operation = Blueprint("operation", __name__, template_folder="templates")

QUEUED = "Job queued again"


@operation.before_request
def _admins_only() -> None:
    """The page itself holds nothing: it asks for the key."""
    if request.path.startswith("/api/"):
        require_admin()


@operation.get("/operator")
@described(
    "The operator's page", Tag.SERVICE, Answer("A page that asks for an admin's key.", media_type=HTML)
)
def page() -> Response:
    text = render_template("operator.html", root="")
    allowed = headers.of_the_page(services().settings.public_url, [])
    return Response(text, headers={**allowed, "Permissions-Policy": headers.NO_DEVICES})


@operation.get("/api/operator/overview")
@described(
    "See the queue, the workers and what failed",
    Tag.SERVICE,
    Answer("How it stands.", (OverviewBody,)),
    raises=(AdminRequired,),
)
def look() -> Response:
    parts = services()
    return answer(
        OverviewBody.of(
            overview.depth(parts.database),
            overview.active(parts.database),
            parts.job_queue.workers(),
            overview.failures(parts.database),
            keep_uploads_hours=parts.settings.keep_failed_uploads_hours,
        )
    )


@operation.post("/api/operator/jobs/<job_id>/retry")
@described(
    "Try a failed job again",
    Tag.SERVICE,
    Answer("It is queued.", (DoneBody,)),
    raises=(AdminRequired, JobNotFound, NotFailed, KeyIsBusy, UploadsGone, StorageUnavailable),
)
def retry(job_id: str) -> Response:
    if not ids.is_id(job_id):
        raise JobNotFound
    parts = services()
    operator_retry.retry(parts.database, parts.storage, parts.job_queue, job_id)
    return answer(DoneBody(message=QUEUED))
