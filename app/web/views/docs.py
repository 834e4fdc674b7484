"""The API's reference: the OpenAPI document, and Swagger UI to read it and try it with."""

from __future__ import annotations

import json
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import cast

from flask import Blueprint, Flask, Response, current_app, render_template, request

from app.config.settings import Settings
from app.web.http import headers
from app.web.openapi.document import document_of
from app.web.openapi.operations import HTML, JSON, Answer, Tag, described
from app.web.openapi.parameters import ETAG, IF_NONE_MATCH
from app.web.views.assets import versioned_file

reference = Blueprint("reference", __name__, template_folder="templates")

EXTENSION = "talkreel-openapi"
#: Swagger UI, as the package brings it.
PACKAGE = "flask_swagger_ui"
FOLDER = Path(str(files(PACKAGE).joinpath("dist")))
VERSION = version(PACKAGE.replace("_", "-"))
FRESH_SECONDS = 60

_UNCHANGED = Answer("It is still what you have.", status=304, media_type=None, headers=(ETAG,))


def register(app: Flask, settings: Settings) -> None:
    """Writes the document, once all views are there."""
    app.extensions[EXTENSION] = json.dumps(document_of(app, settings), separators=(",", ":")).encode()


@reference.get("/api/openapi.json")
@described(
    "This document",
    Tag.SERVICE,
    Answer("OpenAPI 3.1.", media_type=JSON, headers=(ETAG,)),
    _UNCHANGED,
    parameters=(IF_NONE_MATCH,),
)
def document() -> Response:
    response = Response(cast(bytes, current_app.extensions[EXTENSION]), mimetype=JSON)
    response.cache_control.public = True
    response.cache_control.max_age = FRESH_SECONDS
    return _conditional(response)


@reference.get("/docs")
@described(
    "This document as a page",
    Tag.SERVICE,
    Answer("The page.", media_type=HTML, headers=(ETAG,)),
    _UNCHANGED,
    parameters=(IF_NONE_MATCH,),
)
def page() -> Response:
    text = render_template("docs.html", root="", swagger=f"docs/{VERSION}/")
    return _conditional(Response(text, headers=headers.of_the_reference()))


@reference.get("/docs/<version>/<name>")
def swagger(version: str, name: str) -> Response:
    """A file of Swagger UI, under an address that changes with it."""
    return versioned_file(FOLDER, name, is_current=version == VERSION)


def _conditional(response: Response) -> Response:
    response.add_etag()
    response.make_conditional(request)
    return response
