"""What every answer says to a browser: what it may do with it, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response

from app.settings import Settings

#: For what isn't a page: a browser that shows it anyway may do nothing with it.
OTHERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
#: For what has another address when it changes (RFC 8246).
FOR_EVER = "public, max-age=31536000, immutable"


#: Nobody else sets them.
_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
#: What a browser may offer a page; the microphone only to the page that records with it.
NO_DEVICES = "camera=(), geolocation=(), microphone=()"
A_MICROPHONE = "camera=(), geolocation=(), microphone=(self)"


def register(app: Flask, settings: Settings) -> None:
    """Puts the headers on whatever leaves the application."""
    pages = of_a_shared_page(settings.public_url, [])
    app.after_request(lambda response: _write(response, pages))


def of_the_page(public_url: str, video_origins: Sequence[str]) -> dict[str, str]:
    """For the page at the root: our scripts, our API, what its visitor chose or recorded; in no frame."""
    policy = _policy(
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        f"img-src 'self' blob: {_origin(public_url)}",
        " ".join(["media-src 'self' blob:", _origin(public_url), *video_origins]),
        "frame-ancestors 'none'",
    )
    return {
        "Content-Security-Policy": policy,
        "Permissions-Policy": A_MICROPHONE,
        "Cache-Control": "no-cache",
    }


def of_the_reference() -> dict[str, str]:
    """For the page of the API's document: its scripts are ours to serve, and it asks this service alone."""
    policy = _policy(
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
    )
    return {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}


def of_a_shared_page(public_url: str, video_origins: Sequence[str]) -> dict[str, str]:
    """No script at all, our own style, and a frame anywhere: what is shared is there to be embedded."""
    policy = _policy(
        "style-src 'self'",
        "img-src 'self'",
        " ".join(["media-src 'self'", _origin(public_url), *video_origins]),
        "frame-ancestors *",
    )
    return {"Content-Security-Policy": policy}


def _policy(*allowed: str) -> str:
    """Content Security Policy Level 3: what is allowed, and nothing else."""
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _origin(public_url: str) -> str:
    """Where links lead to. A page may be looked at under another address than those have."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


def _write(response: Response, pages: Mapping[str, str]) -> Response:
    is_page = response.mimetype == "text/html"
    response.headers.extend(_ALWAYS)
    for name, value in (pages if is_page else OTHERS).items():
        response.headers.setdefault(name, value)
    if is_page:
        response.headers.setdefault("Permissions-Policy", NO_DEVICES)
    if is_page or response.is_json:
        # Both may hold signed links.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
