"""The finished video, by signed address, and the page that plays it. Neither needs a key."""

from __future__ import annotations

from typing import IO, cast

from flask import Blueprint, Response, render_template, request
from werkzeug.wsgi import FileWrapper

from app import clock, jobs, signing
from app.errors import LinkExpired
from app.models import Job
from app.web.services import services

videos = Blueprint("videos", __name__, template_folder="templates", static_folder="static")

CHUNK_BYTES = 256 * 1024


@videos.get("/videos/<job_id>.mp4")
def video(job_id: str) -> Response:
    _require_signature()
    job = jobs.completed(services().database, job_id)
    if job is None:
        raise LinkExpired
    return _answer(job)


@videos.get("/share/<share_token>")
def share(share_token: str) -> tuple[str, int, dict[str, str]]:
    job = jobs.shared(services().database, share_token)
    headers = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
    if job is None:
        return render_template("gone.html"), 404, headers
    return render_template("share.html", job=job, video=services().links.video(job)), 200, headers


def _require_signature() -> None:
    expires, signature = request.args.get("expires", ""), request.args.get("signature", "")
    valid = signing.url_is_valid(
        request.path, expires, signature, now=int(clock.now_seconds()), key=services().links.signing_key
    )
    if not valid:
        raise LinkExpired


def _answer(job: Job) -> Response:
    """Range, If-Range, HEAD and conditional requests are Werkzeug's work; it needs the size and an ETag."""
    stored = services().storage.open(jobs.output_key(job.id, job.generation))
    body = FileWrapper(cast(IO[bytes], stored), CHUNK_BYTES)
    response = Response(body, mimetype="video/mp4", direct_passthrough=True)
    response.content_length = stored.size_bytes
    response.set_etag(f"{job.id}-{job.generation}")
    response.cache_control.private = True
    response.cache_control.max_age = 3600
    response.headers["Content-Disposition"] = f'inline; filename="{job.id}.mp4"'
    response.make_conditional(request, accept_ranges=True, complete_length=stored.size_bytes)
    return response
