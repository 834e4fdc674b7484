"""Styles, scripts and icons, under addresses that change with what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from app.web.http import headers

FOLDER = Path(__file__).parents[1] / "static"


def _version(folder: Path) -> str:
    """A word for what all the files hold together: a script may import its neighbours by their bare names."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(f"{path.name}\n{path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


VERSION = _version(FOLDER)

assets = Blueprint("assets", __name__)


@assets.get("/static/<version>/<name>")
def asset(version: str, name: str) -> Response:
    return versioned_file(FOLDER, name, is_current=version == VERSION)


def versioned_file(folder: Path, name: str, *, is_current: bool) -> Response:
    """The file as it is now. Another version's address may be asked for while a service is renewed."""
    response = send_from_directory(folder, name)
    if is_current:
        response.headers["Cache-Control"] = headers.FOR_EVER
    return response


@assets.app_template_global("asset")
def address(name: str) -> str:
    """Where a page finds the file, seen from the service's root."""
    return f"static/{VERSION}/{name}"
