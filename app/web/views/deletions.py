"""Deleting jobs, and restoring them. A view reads, calls one verb, and answers."""

from __future__ import annotations

from flask import Blueprint, Response

from app.errors import InvalidParameter, JobNotFound, NotCancellable, NotDeleted
from app.jobs import deletions
from app.jobs.deletions import Deletion, Keeping
from app.schemas.deletions import DeletionBody, RestoredBody
from app.schemas.jobs import DoneBody, iso
from app.web.http.auth import caller
from app.web.http.context import services
from app.web.http.responses import answer, flag_parameter
from app.web.openapi import parameters
from app.web.openapi.operations import Answer, Tag, described
from app.web.views.jobs import CANCELLED, refuse_strange_ids

deletion = Blueprint("deletions", __name__, url_prefix="/api")
deletion.before_request(refuse_strange_ids)

DELETED = "Job deleted successfully"
RESTORED = "Job restored successfully"


@deletion.delete("/jobs/<job_id>")
@described(
    "Cancel a pending job, or delete an ended one",
    Tag.JOBS,
    Answer(
        "It is cancelled, or deleted: gone from lists and links, and restorable until `restorableUntil`.",
        (DoneBody, DeletionBody),
    ),
    parameters=(parameters.PERMANENT,),
    raises=(InvalidParameter("permanent", "true or false"), JobNotFound, NotCancellable),
)
def delete(job_id: str) -> Response:
    parts, permanent = services(), flag_parameter("permanent")
    done = deletions.delete(
        parts.database,
        parts.storage,
        job_id,
        owner=caller().id,
        keeping=Keeping.of(parts.settings),
        permanent=permanent,
    )
    return answer(_body_of(done) if done else DoneBody(message=CANCELLED))


@deletion.post("/jobs/<job_id>/restore")
@described(
    "Restore a deleted job",
    Tag.JOBS,
    Answer("It is in the list again, and its links work.", (RestoredBody,)),
    raises=(JobNotFound, NotDeleted),
)
def restore(job_id: str) -> Response:
    deletions.restore(services().database, job_id, owner=caller().id)
    return answer(RestoredBody(message=RESTORED, job_id=job_id))


def _body_of(done: Deletion) -> DeletionBody:
    until = done.restorable_until_ms
    return DeletionBody(
        message=DELETED,
        job_id=done.job_id,
        deleted_at=iso(done.deleted_at_ms),
        restorable_until=None if until is None else iso(until),
    )
