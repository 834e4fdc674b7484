"""What every answer says to a browser: what it may do with it, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from flask import Flask, Response

from app.config.settings import Settings

#: For what isn't a page: a browser that shows it anyway may do nothing with it.
OTHERS = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
#: For what has another address when it changes (RFC 8246).
FOR_EVER = "public, max-age=31536000, immutable"

_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
#: What a browser may offer a page; the microphone only to the page that records with it.
NO_DEVICES = "camera=(), geolocation=(), microphone=()"
A_MICROPHONE = "camera=(), geolocation=(), microphone=(self)"


def register(app: Flask, settings: Settings) -> None:
    """Puts the headers on whatever leaves the application."""
    defaults = _Defaults(of_a_shared_page(settings.public_url, []))
    app.after_request(lambda response: _write(response, defaults))


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


def _write(response: Response, defaults: _Defaults) -> Response:
    said = {name.lower() for name, _ in response.headers}
    wanted = defaults.of(response.headers.get("Content-Type", ""))
    response.headers.extend([header for header in wanted if header[0].lower() not in said])
    return response


class _Defaults:
    """What an answer of each kind says, unless it says otherwise itself."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        # Both may hold signed links.
        unkept = ("Cache-Control", "no-store")
        self._pages = [*_ALWAYS, *pages.items(), ("Permissions-Policy", NO_DEVICES), unkept]
        self._others = [*_ALWAYS, *OTHERS.items()]
        self._json = [*self._others, unkept]

    def of(self, content_type: str) -> Sequence[tuple[str, str]]:
        if content_type.startswith("application/json"):
            return self._json
        return self._pages if content_type.startswith("text/html") else self._others
