"""The job endpoints. A view reads, calls one verb, and answers."""

from __future__ import annotations

import re
from functools import partial

import structlog
from flask import Blueprint, Response, request

from app.core import ids
from app.database.models import Job
from app.domain.states import JobStatus
from app.errors import (
    DeliveryNotFound,
    DeliveryUnderWay,
    InvalidParameter,
    JobNotFound,
    NotCancellable,
)
from app.jobs import queries, retention, submissions
from app.jobs.idempotency import Claim
from app.jobs.submissions import Accepted, NewJob
from app.media.inspection import MediaLimits
from app.schemas.deletions import DeletedListBody
from app.schemas.jobs import (
    AwaitedBody,
    CreatedBody,
    DeliveriesBody,
    DeliveryBody,
    DoneBody,
    Links,
    ListBody,
    StatusBody,
)
from app.web.http.auth import caller
from app.web.http.context import services
from app.web.http.responses import answer, flag_parameter, page_limit, query_parameter
from app.web.openapi import parameters, submission
from app.web.openapi.operations import Answer, Tag, described
from app.web.upload import form
from app.web.upload.fingerprints import Fingerprint
from app.web.views.prefer_wait import delayed
from app.webhooks import redelivery

log = structlog.get_logger(__name__)

api = Blueprint("api", __name__, url_prefix="/api")

CANCELLED = "Job cancelled successfully"
REDELIVERING = "Webhook will be sent again"
_IDEMPOTENCY_KEY = re.compile(r"[ -~]{1,255}")


@api.before_request
def refuse_strange_ids() -> None:
    """Raises JobNotFound, DeliveryNotFound for what can't be one's id."""
    given = request.view_args or {}
    if "job_id" in given and not ids.is_id(given["job_id"]):
        raise JobNotFound
    if "delivery_id" in given and not ids.is_delivery_id(given["delivery_id"]):
        raise DeliveryNotFound


@api.post("/jobs")
@described(
    "Make a video of a portrait and a voice",
    Tag.JOBS,
    submission.ACCEPTED,
    parameters=(submission.IDEMPOTENCY_KEY, parameters.PREFER),
    sent=submission.SUBMISSION,
    raises=submission.REFUSALS,
)
def submit() -> Response:
    key = _idempotency_key()
    submissions.refuse_one_more(services().database, caller(), key)
    accepted = _take_in(key)
    log.info("job accepted", job_id=accepted.job_id, is_replay=accepted.is_replay)
    response = answer(CreatedBody(job_id=accepted.job_id), status=201)
    response.headers["Location"] = f"/api/status/{accepted.job_id}"
    if accepted.is_replay:
        response.headers["Idempotency-Replayed"] = "true"
    return delayed(response, accepted.job_id, partial(_show_outcome, services().links))


@api.get("/jobs")
@described(
    "List your jobs, newest first",
    Tag.JOBS,
    Answer("A page of jobs, or of deleted ones.", (ListBody, DeletedListBody)),
    parameters=(*parameters.PAGE, parameters.STATUS, parameters.DELETED),
    raises=parameters.PAGE_REFUSALS,
)
def page() -> Response:
    limit, status, cursor = page_limit(), _status(), query_parameter("cursor")
    deleted = flag_parameter("deleted")
    found = queries.page(
        services().database, owner=caller().id, limit=limit, cursor=cursor, status=status, deleted=deleted
    )
    body = DeletedListBody if deleted else ListBody
    return answer(body.of(found.jobs, limit=limit, next_cursor=found.next_cursor, links=services().links))


@api.post("/jobs/<job_id>/cancel")
@described(
    "Cancel a pending job",
    Tag.JOBS,
    Answer("It is cancelled.", (DoneBody,)),
    raises=(JobNotFound, NotCancellable),
)
def cancel(job_id: str) -> Response:
    queries.cancel(services().database, services().storage, job_id, owner=caller().id)
    return answer(DoneBody(message=CANCELLED))


@api.get("/jobs/<job_id>/deliveries")
@described(
    "A job's webhook, and every try to deliver it",
    Tag.WEBHOOKS,
    Answer(
        "None until the job ended, and where it has no `webhookUrl`.",
        (DeliveriesBody,),
        links={
            "postApiJobsJobIdDeliveriesDeliveryIdRedeliver": {
                "jobId": "$request.path.jobId",
                "deliveryId": "$response.body#/deliveries/0/id",
            }
        },
    ),
    raises=(JobNotFound,),
)
def deliveries(job_id: str) -> Response:
    queries.get(services().database, job_id, owner=caller().id)
    found = redelivery.histories(services().database, job_id)
    return answer(DeliveriesBody(deliveries=[DeliveryBody.of(each.delivery, each.tries) for each in found]))


@api.post("/jobs/<job_id>/deliveries/<delivery_id>/redeliver")
@described(
    "Send a webhook again",
    Tag.WEBHOOKS,
    Answer("It will be sent at once, on a schedule that begins anew.", (DoneBody,), status=202),
    raises=(JobNotFound, DeliveryNotFound, DeliveryUnderWay),
)
def redeliver(job_id: str, delivery_id: str) -> Response:
    queries.get(services().database, job_id, owner=caller().id)
    redelivery.redeliver(services().database, services().job_queue, job_id, delivery_id)
    return answer(DoneBody(message=REDELIVERING), status=202)


def _take_in(idempotency_key: str | None) -> Accepted:
    """The upload river: body, storage, row, queue."""
    parts, job_id = services(), ids.new_id()
    fingerprint = Fingerprint() if idempotency_key else None
    with form.receive(
        request.stream,
        request.content_type,
        request.content_length,
        retention.incoming_of(parts.settings.data_dir) / job_id,
        parts.settings.max_file_bytes,
        parts.check_webhook_url,
        fingerprint,
        limits=MediaLimits(parts.settings.max_image_pixels, parts.settings.max_audio_seconds),
    ) as submission:
        new = NewJob(
            id=job_id,
            api_key_id=caller().id,
            image=submission.files["image"].path,
            image_type=submission.files["image"].media_type,
            audio=submission.files["audio"].path,
            audio_type=submission.files["audio"].media_type,
            size_bytes=submission.size_bytes,
            options=submission.options,
            webhook_url=submission.webhook_url,
            claim=Claim(idempotency_key, fingerprint.hexdigest())
            if idempotency_key and fingerprint
            else None,
            monthly_quota_seconds=caller().monthly_quota_seconds,
        )
        return submissions.submit(parts.database, parts.storage, parts.job_queue, new)


def _idempotency_key() -> str | None:
    text = request.headers.get("Idempotency-Key")
    if text is not None and not _IDEMPOTENCY_KEY.fullmatch(text):
        raise InvalidParameter("Idempotency-Key", "1 to 255 printable ASCII characters")
    return text


def _show_outcome(links: Links, response: Response, job: Job) -> None:
    response.data = AwaitedBody(job_id=job.id, job=StatusBody.of(job, links)).json_bytes()


def _status() -> JobStatus | None:
    text = query_parameter("status")
    if text is None:
        return None
    try:
        return JobStatus(text)
    except ValueError:
        raise InvalidParameter("status", f"one of {', '.join(JobStatus)}") from None
