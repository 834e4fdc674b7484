"""The upload door and nothing behind it, for gunicorn: what tests/upload talks to."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flask import Flask, Response, jsonify, request, send_file

from app.errors import ApiError, InvalidApiKey
from app.web.server import early_answers
from app.web.upload.form import receive

MAX_FILE_BYTES = 50 << 20

application = Flask(__name__)
#: The same without our part of the connection, for gunicorn as it comes: what bench/attack.py compares with.
bare = application.wsgi_app
early_answers.register(application)


@application.get("/health")
def health() -> Response:
    return jsonify(pid=os.getpid())


@application.post("/refused")
def refused() -> Response:
    raise InvalidApiKey


@application.post("/upload")
def upload() -> Response:
    folder = Path(os.environ["DATA_DIR"], "incoming", secrets.token_hex(8))
    arguments = (request.stream, request.content_type, request.content_length, folder, MAX_FILE_BYTES, str)
    with receive(*arguments) as submission:
        return jsonify(image=submission.files["image"].size_bytes, audio=submission.files["audio"].size_bytes)


@application.get("/videos/made.mp4")
def video() -> Response:
    return Response(bytes(64 << 20))


@application.get("/videos/kept.mp4")
def file() -> Response:
    path = Path(os.environ["DATA_DIR"]).with_suffix(".large")
    with path.open("wb") as large:
        large.truncate(64 << 20)
    return send_file(path, mimetype="video/mp4")


@application.errorhandler(ApiError)
def refuse(error: ApiError) -> tuple[Response, int]:
    return jsonify(error.body()), error.status
