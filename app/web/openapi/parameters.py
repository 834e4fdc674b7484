"""The headers, queries and parts of an address that several operations share."""

from __future__ import annotations

from collections.abc import Iterable

from app.core import ids
from app.domain.states import JobStatus
from app.errors import InvalidCursor, InvalidParameter
from app.web.http.responses import DEFAULT_PAGE, MAX_PAGE
from app.web.openapi.operations import HTML, Answer, Header, Object, Parameter

ID_SCHEMA: Object = {"type": "string", "pattern": ids.PATTERN}
DELIVERY_ID_SCHEMA: Object = {"type": "string", "pattern": ids.DELIVERY_PATTERN}


def _in_path(name: str, schema: Object, description: str) -> Parameter:
    return Parameter(name, "path", schema, description, required=True)


#: By the names that the routes have for them.
PATH_PARAMETERS = {
    "job_id": _in_path("jobId", ID_SCHEMA, "A job of yours."),
    "delivery_id": _in_path("deliveryId", DELIVERY_ID_SCHEMA, "A delivery of this job, its `webhook-id`."),
    "key_id": _in_path("keyId", ID_SCHEMA, "A key."),
    "share_token": _in_path("shareToken", ID_SCHEMA, "The end of an `outputShareLink`."),
}


def whole_number(name: str, description: str, *, default: int, largest: int) -> Parameter:
    """A query parameter as `app.web.http.responses.number_parameter` reads it."""
    schema: Object = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return Parameter(name, "query", schema, description)


def _flag(name: str, description: str) -> Parameter:
    return Parameter(name, "query", {"type": "boolean", "default": False}, description)


PAGE = (
    whole_number("limit", "How many a page may hold.", default=DEFAULT_PAGE, largest=MAX_PAGE),
    Parameter(
        "cursor",
        "query",
        {"type": "string", "format": "cursor"},
        "The `nextCursor` of an earlier page, as it is.",
    ),
)
#: What `app.web.http.responses.page_limit` and `app.core.pagination.decode` raise.
PAGE_REFUSALS = (InvalidParameter("limit", f"a number from 1 to {MAX_PAGE}"), InvalidCursor)
DELETED = _flag(
    "deleted", "Only jobs that were deleted and can be restored, with `deletedAt` and `restorableUntil`."
)
PERMANENT = _flag("permanent", "Row and files go at once, also those of a job that was deleted before.")
STATUS = Parameter("status", "query", {"enum": list(JobStatus), "type": "string"}, "Only jobs in this state.")

PREFER = Parameter(
    "Prefer",
    "header",
    {"type": "string"},
    "`wait=N`: answer when the job has ended, or after N seconds, 60 at most.",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match", "header", {"type": "string"}, "The `ETag` of what you have: 304 if it is still so."
)
RANGE = Parameter("Range", "header", {"type": "string", "examples": ["bytes=0-1023"]}, "One range of bytes.")

ETAG = Header("ETag", {"type": "string"}, "Changes with what it stands for.")
RETRY_AFTER = Header("Retry-After", {"type": "integer", "minimum": 0}, "Ask again after so many seconds.")
PREFERENCE_APPLIED = Header(
    "Preference-Applied", {"type": "string", "pattern": "^wait=[0-9]+$"}, "The wish of `Prefer` was heard."
)
#: On every answer below /api, unless Redis is down.
RATE_LIMIT = (
    Header("RateLimit-Limit", {"type": "integer", "minimum": 1}, "Requests that this address has a minute."),
    Header("RateLimit-Remaining", {"type": "integer", "minimum": 0}, "Requests that are left of them."),
    Header("RateLimit-Reset", {"type": "integer", "minimum": 0}, "Seconds until all are there again."),
)


#: Beside the JSON that programs get.
GONE_PAGE = Answer("A page that says that the video is gone.", status=404, media_type=HTML)


def as_objects(headers: Iterable[Header]) -> Object:
    """As the document has them, by their names."""
    return {header.name: {"description": header.description, "schema": header.schema} for header in headers}
