"""Refusals as pages, for a person who followed a link. Below /api, and for programs, they are JSON."""

from __future__ import annotations

from flask import Response, render_template, request

from app.errors import ApiError, LinkExpired

HTML, JSON = "text/html", "application/json"
NOT_FOR_INDEXES = {"X-Robots-Tag": "noindex"}

GONE = (
    "This video is gone",
    "The link is mistyped or has expired, or the video was deleted or was never finished."
    " Ask the person who sent it for a new one.",
)


def prefers_page(*, by_default: bool = False) -> bool:
    """Whether the current request would rather have HTML than JSON (RFC 9110, section 12.5.1).

    `by_default` is for who doesn't mind.
    """
    if request.path == "/api" or request.path.startswith("/api/"):
        return False
    html, json = request.accept_mimetypes[HTML], request.accept_mimetypes[JSON]
    return html > json or (by_default and html == json)


def page_of(error: ApiError) -> Response:
    """The refusal in words for a person, under its own status."""
    title, words = GONE if isinstance(error, LinkExpired) else (_title(error), error.sentence)
    text = render_template("refusal.html", root=_root(), title=title, words=words)
    response = Response(text, error.status, headers=NOT_FOR_INDEXES, mimetype=HTML)
    response.vary.add("Accept")
    return response


def _title(error: ApiError) -> str:
    if error.status >= 500:
        return "This can't be shown right now"
    return "Nothing is here" if error.status == 404 else "This can't be done"


def _root() -> str:
    """The way from the current address to the service's root, which may stand below a path of a proxy's."""
    return "../" * (request.path.count("/") - 1)
