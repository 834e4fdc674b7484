"""The requests that we send: a job's webhook, as `app.core.signing.webhook_headers` heads it."""

from __future__ import annotations

from collections.abc import Sequence

from app.schemas.jobs import StatusBody
from app.web.openapi.operations import JSON, Object, Tag
from app.web.openapi.parameters import DELIVERY_ID_SCHEMA
from app.web.openapi.schemas import reference

_HOUR_SECONDS = 3600

EVENTS = {
    "job.completed": "The video is made",
    "job.failed": "The job failed; `errorMessage` says why",
}
_TEXT: Object = {"type": "string"}
_HEADERS: tuple[tuple[str, Object, str], ...] = (
    ("webhook-id", DELIVERY_ID_SCHEMA, "The same on every try of one delivery."),
    ("webhook-timestamp", {"type": "string", "pattern": "^[0-9]+$"}, "Of this try, in seconds since 1970."),
    (
        "webhook-signature",
        _TEXT,
        "Standard Webhooks 1.0.0: `v1,<base64>`, two of them while a secret is rotated.",
    ),
    (
        "X-Webhook-Signature",
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "HMAC-SHA256 of the body's bytes, in hex, keyed with the whole `webhookSecret` as text; with the one"
        " before it while a secret is rotated.",
    ),
)


def webhooks(retry_schedule: Sequence[int]) -> Object:
    """The document's `webhooks` (OpenAPI 3.1.1, section 4.8.1); the schedule is in seconds between tries."""
    return {event: {"post": _request(event, summary, retry_schedule)} for event, summary in EVENTS.items()}


def _how_long(retry_schedule: Sequence[int]) -> str:
    seconds = sum(retry_schedule)
    if seconds >= _HOUR_SECONDS:
        return f"{len(retry_schedule)} times in {round(seconds / _HOUR_SECONDS)} hours"
    return f"{len(retry_schedule)} times in {seconds} seconds"


def _request(event: str, summary: str, retry_schedule: Sequence[int]) -> Object:
    return {
        "summary": summary,
        "description": "Sent to the job's `webhookUrl`. Anything but a 2xx is sent again,"
        f" {_how_long(retry_schedule)}.",
        "tags": [Tag.WEBHOOKS],
        "operationId": event.replace(".", "_"),
        "security": [],
        "parameters": [
            _header("X-Webhook-Event", {"const": event}, "What happened."),
            *(_header(name, schema, description) for name, schema, description in _HEADERS),
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": reference(StatusBody)}}},
        "responses": {"2XX": {"description": "It is delivered."}},
    }


def _header(name: str, schema: Object, description: str) -> Object:
    return {"name": name, "in": "header", "required": True, "schema": schema, "description": description}
