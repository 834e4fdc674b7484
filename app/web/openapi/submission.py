"""The multipart body of a submission, as `app.web.upload.form` reads it."""

from __future__ import annotations

from app.domain.options import option, options
from app.egress.urls import MAX_URL_CHARACTERS
from app.errors import (
    ActiveJobExists,
    AudioTooLong,
    BodyTooLarge,
    DiskFull,
    EmptyFile,
    FileTooLarge,
    FileTooShort,
    IdempotencyKeyReused,
    InvalidParameter,
    InvalidWebhookUrl,
    MalformedBody,
    MissingPart,
    NoSound,
    NotMultipart,
    RepeatedPart,
    Stopping,
    StorageUnavailable,
    TooManyPixels,
    UnknownPart,
    UnsupportedMediaType,
    UploadTooSlow,
)
from app.errors.keys import QuotaExceeded
from app.media.media_types import INPUTS, InputSpec, MediaType
from app.schemas.jobs import AwaitedBody, CreatedBody
from app.web.openapi.operations import Answer, Header, Object, Parameter, Sent
from app.web.openapi.parameters import PREFERENCE_APPLIED

IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    # Blanks at the ends never arrive: they are no part of a header's value.
    {"type": "string", "pattern": "^[!-~]([ -~]{0,253}[!-~])?$"},
    "A word of your choice under which this submission may be sent again for 24 hours: one job is made.",
)


def _file(spec: InputSpec) -> Object:
    return {
        "type": "string",
        # Of OpenAPI 3.0: what a JSON Schema says (`contentMediaType`) generators of clients take for text.
        "format": "binary",
        "description": f"The file: {spec.accepted}, {spec.bounds} unless the service is set otherwise."
        " Its bytes decide, not its declared type.",
    }


_PARTS: Object = {
    **{name: _file(spec) for name, spec in INPUTS.items()},
    "webhookUrl": {
        "type": "string",
        "format": "uri",
        "pattern": "^https://",
        "maxLength": MAX_URL_CHARACTERS,
        "description": "Where to POST the status object when the job is COMPLETED or FAILED.",
    },
    **{each.name: each.schema() for each in options()},
}


def _types(kind: str) -> str:
    return ", ".join(media_type for media_type in MediaType if media_type.startswith(kind))


SUBMISSION = Sent(
    media_type="multipart/form-data",
    schema={
        "type": "object",
        "required": [name for name, spec in INPUTS.items() if spec.is_required],
        "properties": _PARTS,
        "additionalProperties": False,
    },
    encoding={name: {"contentType": _types(name)} for name in INPUTS},
)
ACCEPTED = Answer(
    "The job is made; with `Prefer` it is told how it ended, or how it is when the wait is over.",
    (CreatedBody, AwaitedBody),
    status=201,
    headers=(
        Header("Location", {"type": "string", "format": "uri-reference"}, "Where the job's status is."),
        Header("Idempotency-Replayed", {"const": "true"}, "This is the first answer again."),
        PREFERENCE_APPLIED,
    ),
    links={
        operation_id: {"jobId": "$response.body#/jobId"}
        for operation_id in (
            "getApiStatusJobId",
            "getApiJobsJobIdEvents",
            "getApiJobsJobIdDeliveries",
            "postApiJobsJobIdCancel",
            "deleteApiJobsJobId",
            "postApiJobsJobIdRestore",
        )
    },
)

#: What `POST /api/jobs` refuses, with one example each.
REFUSALS = (
    MalformedBody,
    MissingPart("image"),
    EmptyFile("audio"),
    FileTooShort("image", 24),
    TooManyPixels(9000, 9000, 50_000_000),
    AudioTooLong(14_400),
    NoSound(),
    UnknownPart("images", ["image"]),
    RepeatedPart("audio"),
    InvalidParameter("motion", option("motion").expected),
    InvalidWebhookUrl,
    UploadTooSlow,
    ActiveJobExists("c5qkbocyk0u7vs1ykrm8rvr4"),
    FileTooLarge("image", 50 << 20),
    BodyTooLarge,
    NotMultipart,
    UnsupportedMediaType("image", INPUTS["image"].accepted, "a GIF: save the frame you want as JPEG or PNG"),
    IdempotencyKeyReused,
    QuotaExceeded(86_400),
    StorageUnavailable,
    DiskFull,
    Stopping,
)
