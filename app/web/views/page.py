"""The page at the root: make a video and look after one's jobs. All that it does goes through the API."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from app.domain.options import options
from app.domain.states import JobStatus
from app.media.media_types import INPUTS, MediaType
from app.web.http import headers
from app.web.http.context import services
from app.web.openapi.operations import HTML, Answer, Tag, described
from app.web.openapi.parameters import ETAG, IF_NONE_MATCH
from app.web.views import redirects

page = Blueprint("page", __name__, template_folder="templates")

MIB = 1 << 20
#: Of each of a submission's files: what is accepted, in words and as media types.
ACCEPTED = {name: rule.accepted for name, rule in INPUTS.items()}
MEDIA_TYPES = {name: [each for each in MediaType if each.startswith(f"{name}/")] for name in INPUTS}


@page.get("/")
@described(
    "The page to make videos with",
    Tag.SERVICE,
    Answer("The page.", media_type=HTML, headers=(ETAG,)),
    Answer("It is still what you have.", status=304, media_type=None, headers=(ETAG,)),
    parameters=(IF_NONE_MATCH,),
)
def home() -> Response:
    settings = services().settings
    text = render_template(
        "page.html",
        root="",
        accepted=ACCEPTED,
        media_types=MEDIA_TYPES,
        max_file_bytes=settings.max_file_bytes,
        max_file_mib=settings.max_file_bytes // MIB,
        options=options(),
        statuses=list(JobStatus),
        retention_days=settings.retention_days,
        deleted_keep_hours=settings.deleted_keep_hours,
    )
    response = Response(text, headers=headers.of_the_page(settings.public_url, redirects.origins()))
    response.add_etag()
    response.make_conditional(request)
    return response
