"""The page behind a share link: a picture, its video, and a way to keep it. Needs no key, runs no script."""

from __future__ import annotations

from typing import IO, cast

from flask import Blueprint, Response, render_template
from werkzeug.wsgi import FileWrapper

from app.core import ids
from app.database.models import Job
from app.errors import DatabaseUnavailable, LinkExpired, NotFound, StorageUnavailable, StoredFileMissing
from app.jobs import queries
from app.web.http import headers
from app.web.http.context import services
from app.web.http.error_pages import NOT_FOR_INDEXES, page_of, prefers_page
from app.web.openapi.operations import HTML, Answer, Tag, described
from app.web.openapi.parameters import GONE_PAGE
from app.web.views import redirects

#: No video of ours has a longer side.
MAX_SIDE = 16_384

shares = Blueprint("shares", __name__, template_folder="templates")


@shares.get("/share/<share_token>")
@described(
    "A page that plays a video, by its outputShareLink",
    Tag.VIDEOS,
    Answer("The page.", media_type=HTML),
    GONE_PAGE,
    raises=(LinkExpired, DatabaseUnavailable),
)
def share(share_token: str) -> Response:
    job = _shared(share_token)
    if job is None:
        return _gone()
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
    return Response(page, headers=NOT_FOR_INDEXES | policy, mimetype=HTML)


@shares.get("/share/<share_token>/poster.jpg")
@described(
    "The picture that is shown before a video plays",
    Tag.VIDEOS,
    Answer("The picture.", media_type="image/jpeg"),
    GONE_PAGE,
    raises=(LinkExpired, StoredFileMissing, DatabaseUnavailable, StorageUnavailable),
)
def poster(share_token: str) -> Response:
    job = _shared(share_token)
    if job is None:
        raise LinkExpired
    stored = services().storage.open(queries.poster_key(job.id, job.generation))
    response = Response(FileWrapper(cast(IO[bytes], stored)), mimetype="image/jpeg", headers=NOT_FOR_INDEXES)
    response.content_length = stored.size_bytes
    response.cache_control.private = True
    response.cache_control.max_age = 3600
    return response


@shares.get("/sizes/<int:width>x<int:height>.css")
def size(width: int, height: int) -> Response:
    """What a page has to know of its video before that is there: no style stands in the page itself."""
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise NotFound
    shape = round(width / height, 4)
    response = Response(f"video {{ --width: {width}px; --shape: {shape} }}\n", mimetype="text/css")
    response.cache_control.max_age = 86_400
    return response


def _gone() -> Response:
    """A link to a page is a person's, unless somebody says that it isn't."""
    if not prefers_page(by_default=True):
        raise LinkExpired
    return page_of(LinkExpired())


def _shared(share_token: str) -> Job | None:
    return queries.shared(services().database, share_token) if ids.is_id(share_token) else None
