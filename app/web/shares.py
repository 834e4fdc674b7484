"""The page behind a share link: a picture, its video, and a way to keep it. Needs no key, runs no script."""

from __future__ import annotations

from typing import IO, cast

from flask import Blueprint, Response, render_template
from werkzeug.wsgi import FileWrapper

from app import ids, jobs
from app.errors import DatabaseUnavailable, LinkExpired, StorageUnavailable, StoredFileMissing
from app.models import Job
from app.web import headers, redirects
from app.web.openapi.operations import HTML, Answer, Tag, described
from app.web.services import services

shares = Blueprint("shares", __name__, template_folder="templates")

NOT_FOR_INDEXES = {"X-Robots-Tag": "noindex"}


@shares.get("/share/<share_token>")
@described(
    "A page that plays a video, by its outputShareLink",
    Tag.VIDEOS,
    Answer("The page.", media_type=HTML),
    Answer("A page that says that the video is gone.", status=404, media_type=HTML),
    raises=(DatabaseUnavailable,),
)
def share(share_token: str) -> tuple[str, int, dict[str, str]]:
    job = _shared(share_token)
    if job is None:
        return render_template("gone.html", root="../"), 404, NOT_FOR_INDEXES
    links = services().links
    page = render_template(
        "share.html",
        root="../",
        job=job,
        video=links.video(job),
        poster=links.poster(job),
        address=links.share_page(job),
        # Whoever sees this page gets at the service by its address, be it the public one or another.
        source=f"../videos/{(links.video(job) or '').rpartition('/')[2]}",
    )
    policy = headers.of_a_shared_page(services().settings.public_url, redirects.origins())
    return page, 200, NOT_FOR_INDEXES | policy


@shares.get("/share/<share_token>/poster.jpg")
@described(
    "The picture that is shown before a video plays",
    Tag.VIDEOS,
    Answer("The picture.", media_type="image/jpeg"),
    raises=(LinkExpired, StoredFileMissing, DatabaseUnavailable, StorageUnavailable),
)
def poster(share_token: str) -> Response:
    job = _shared(share_token)
    if job is None:
        raise LinkExpired
    stored = services().storage.open(jobs.poster_key(job.id, job.generation))
    response = Response(FileWrapper(cast(IO[bytes], stored)), mimetype="image/jpeg", headers=NOT_FOR_INDEXES)
    response.content_length = stored.size_bytes
    response.cache_control.private = True
    response.cache_control.max_age = 3600
    return response


@shares.get("/sizes/<int:width>x<int:height>.css")
def size(width: int, height: int) -> Response:
    """What a page has to know of its video before that is there: no style stands in the page itself."""
    shape = round(width / max(1, height), 4)
    response = Response(f"video {{ --width: {width}px; --shape: {shape} }}\n", mimetype="text/css")
    response.cache_control.max_age = 86_400
    return response


def _shared(share_token: str) -> Job | None:
    return jobs.shared(services().database, share_token) if ids.is_id(share_token) else None
