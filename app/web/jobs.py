"""The job endpoints. A view reads, calls one verb, and answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import housekeeping, ids, jobs, submissions, webhooks
from app.errors import DeliveryNotFound, InvalidParameter, JobNotFound
from app.payloads import (
    Body,
    CreatedBody,
    DeliveriesBody,
    DeliveryBody,
    DoneBody,
    ListBody,
    StatusBody,
)
from app.states import ACTIVE, JobStatus
from app.submissions import NewJob
from app.web import uploads
from app.web.auth import caller
from app.web.services import services

api = Blueprint("api", __name__, url_prefix="/api")

DEFAULT_PAGE = 20
MAX_PAGE = 100
POLL_AFTER_SECONDS = 2
CANCELLED = "Job cancelled successfully"
DELETED = "Job deleted successfully"
REDELIVERING = "Webhook will be sent again"


@api.before_request
def _refuse_strange_ids() -> None:
    given = request.view_args or {}
    if "job_id" in given and not ids.is_id(given["job_id"]):
        raise JobNotFound
    if "delivery_id" in given and not ids.is_delivery_id(given["delivery_id"]):
        raise DeliveryNotFound


@api.post("/jobs")
def submit() -> Response:
    submissions.refuse_second(services().database, caller().id)
    job_id = _take_in()
    response = _answer(CreatedBody(job_id=job_id), status=201)
    response.headers["Location"] = f"/api/status/{job_id}"
    return response


@api.get("/jobs")
def page() -> Response:
    limit, status, cursor = _limit(), _status(), request.args.get("cursor")
    found = jobs.page(services().database, owner=caller().id, limit=limit, cursor=cursor, status=status)
    links = services().links
    return _answer(ListBody.of(found.jobs, limit=limit, next_cursor=found.next_cursor, links=links))


@api.get("/status/<job_id>")
def status(job_id: str) -> Response:
    job = jobs.get(services().database, job_id, owner=caller().id)
    response = _answer(StatusBody.of(job, services().links))
    if job.status in ACTIVE:
        response.headers["Retry-After"] = str(POLL_AFTER_SECONDS)
    return response


@api.post("/jobs/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    jobs.cancel(services().database, services().storage, job_id, owner=caller().id)
    return _answer(DoneBody(message=CANCELLED))


@api.delete("/jobs/<job_id>")
def delete(job_id: str) -> Response:
    deleted = jobs.delete(services().database, services().storage, job_id, owner=caller().id)
    return _answer(DoneBody(message=DELETED if deleted else CANCELLED))


@api.get("/jobs/<job_id>/deliveries")
def deliveries(job_id: str) -> Response:
    found = webhooks.histories(services().database, job_id, owner=caller().id)
    return _answer(DeliveriesBody(deliveries=[DeliveryBody.of(each.delivery, each.tries) for each in found]))


@api.post("/jobs/<job_id>/deliveries/<delivery_id>/redeliver")
def redeliver(job_id: str, delivery_id: str) -> Response:
    webhooks.redeliver(services().database, services().doorbell, job_id, delivery_id, owner=caller().id)
    return _answer(DoneBody(message=REDELIVERING), status=202)


def _take_in() -> str:
    """The upload river: body, storage, row, bell. Returns the new job's id."""
    parts, job_id = services(), ids.new_id()
    with uploads.receive(
        request.stream,
        request.content_type,
        request.content_length,
        housekeeping.incoming_of(parts.settings.data_dir) / job_id,
        parts.settings.max_file_bytes,
        parts.check_webhook_url,
    ) as submission:
        new = NewJob(
            id=job_id,
            api_key_id=caller().id,
            image=submission.image.path,
            image_type=submission.image.media_type,
            audio=submission.audio.path,
            audio_type=submission.audio.media_type,
            motion=submission.motion,
            webhook_url=submission.webhook_url,
            loudness_lufs=submission.loudness_lufs,
        )
        submissions.submit(parts.database, parts.storage, parts.doorbell, new)
    return job_id


def _answer(body: Body, status: int = 200) -> Response:
    return Response(body.json_bytes(), status, mimetype="application/json")


def _limit() -> int:
    text = request.args.get("limit", str(DEFAULT_PAGE))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MAX_PAGE):
        raise InvalidParameter("limit", f"a number from 1 to {MAX_PAGE}")
    return int(text)


def _status() -> JobStatus | None:
    text = request.args.get("status")
    if text is None:
        return None
    try:
        return JobStatus(text)
    except ValueError:
        raise InvalidParameter("status", f"one of {', '.join(JobStatus)}") from None
