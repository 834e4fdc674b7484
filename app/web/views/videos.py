"""The finished video, by signed address. It needs no key."""

from __future__ import annotations

import re
from typing import IO, Any, Literal, cast

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from app.core import clock, signing
from app.database.models import Job
from app.errors import (
    DatabaseUnavailable,
    LinkExpired,
    RangeNotSatisfiable,
    StorageUnavailable,
    StoredFileMissing,
)
from app.jobs import queries
from app.storage.base import StoredFile
from app.web.http.context import services
from app.web.openapi.operations import Answer, Header, Parameter, Tag, described
from app.web.openapi.parameters import ETAG, GONE_PAGE, IF_NONE_MATCH, RANGE
from app.web.views import redirects

videos = Blueprint("videos", __name__)

CHUNK_BYTES = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=(?:[0-9]{1,18}-[0-9]{0,18}|-(?P<suffix>[0-9]{1,18}))", re.IGNORECASE)


_AT_THE_STORE = Header("Location", {"type": "string", "format": "uri"}, "Signed, for a while.")
_SIGNED = (
    Parameter(
        "expires",
        "query",
        {"type": "string", "pattern": "^[0-9]+$"},
        "Until when the link leads here.",
        required=True,
    ),
    Parameter("signature", "query", {"type": "string"}, "That it is ours.", required=True),
)


@videos.get("/videos/<job_id>.mp4")
@described(
    "A finished video, by its outputVideo link",
    Tag.VIDEOS,
    Answer("The MP4.", media_type="video/mp4", headers=(ETAG,)),
    Answer("A range of it.", status=206, media_type="video/mp4", headers=(ETAG,)),
    Answer("It is still what you have.", status=304, media_type=None, headers=(ETAG,)),
    Answer(
        "With VIDEO_REDIRECT: where the store has it.", status=307, media_type=None, headers=(_AT_THE_STORE,)
    ),
    GONE_PAGE,
    parameters=(*_SIGNED, RANGE, IF_NONE_MATCH),
    raises=(LinkExpired, StoredFileMissing, RangeNotSatisfiable, DatabaseUnavailable, StorageUnavailable),
)
def video(job_id: str) -> Response:
    expires_at = _signed_until()
    job = queries.completed(services().database, job_id)
    if job is None:
        raise LinkExpired
    if "download" in request.args:
        return _answer(job, "attachment")
    address = redirects.address(job, expires_at)
    return _sent_on(address) if address else _answer(job, "inline")


def _signed_until() -> int:
    """Unix seconds."""
    expires, signature = request.args.get("expires", ""), request.args.get("signature", "")
    valid = signing.url_is_valid(
        request.path, expires, signature, now=int(clock.now_seconds()), key=services().links.signing_key
    )
    if not valid:
        raise LinkExpired
    return int(expires)


def _sent_on(address: str) -> Response:
    """To the store, by the same method: an address there is signed for one alone, so nobody keeps it."""
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(status=307, headers=headers, mimetype="text/plain")


def _answer(job: Job, disposition: Literal["inline", "attachment"]) -> Response:
    """Range, If-Range, HEAD and conditional requests are Werkzeug's work; it needs the size and an ETag."""
    stored = services().storage.open(queries.output_key(job.id, job.generation))
    response = _whole(job, stored)
    response.headers["Content-Disposition"] = f'{disposition}; filename="{job.id}.mp4"'
    environ = _with_one_range(stored.size_bytes)
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=stored.size_bytes)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    return response


def _whole(job: Job, stored: StoredFile) -> Response:
    body = FileWrapper(cast(IO[bytes], stored), CHUNK_BYTES)
    response = Response(body, mimetype="video/mp4", direct_passthrough=True)
    response.content_length = stored.size_bytes
    response.set_etag(f"{job.id}-{job.generation}")
    response.cache_control.private = True
    response.cache_control.max_age = 3600
    return response


def _with_one_range(size_bytes: int) -> dict[str, Any]:
    """The request as Werkzeug takes it: it would refuse what RFC 9110, section 14, has us ignore or bound.

    Other units, other methods than GET, and several ranges bring the whole; a suffix longer than the
    video is the whole video.
    """
    environ = dict(request.environ)
    asked = _ONE_RANGE.fullmatch(environ.pop("HTTP_RANGE", ""))
    if asked and request.method == "GET":
        suffix = asked["suffix"]
        environ["HTTP_RANGE"] = f"bytes=-{min(int(suffix), size_bytes)}" if suffix else asked[0]
    return environ
