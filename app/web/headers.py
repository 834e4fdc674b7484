"""What every answer says to a browser: what it may do with it, and where."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response

from app.settings import Settings

#: For what isn't a page: a browser that shows it anyway may do nothing with it.
NOTHING = "default-src 'none'; frame-ancestors 'none'"


#: Nobody else sets them.
_ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))


def register(app: Flask, settings: Settings) -> None:
    """Puts the headers on whatever leaves the application."""
    page = _page_policy(settings.public_url)
    app.after_request(lambda response: _write(response, page))


def _page_policy(public_url: str) -> str:
    """Content Security Policy Level 3: no script at all, our own style, and a frame anywhere."""
    parts = urlsplit(public_url)
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            # The page may be looked at under another address than the one its links have.
            f"media-src 'self' {parts.scheme}://{parts.netloc}",
            "base-uri 'none'",
            "form-action 'none'",
            # A page that is shared is there to be embedded.
            "frame-ancestors *",
        )
    )


def _write(response: Response, page: str) -> Response:
    is_page = response.mimetype == "text/html"
    response.headers.extend(_ALWAYS)
    response.headers.add("Content-Security-Policy", page if is_page else NOTHING)
    if is_page or response.is_json:
        # Both may hold signed links.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
