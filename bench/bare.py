"""A Flask application that does nothing, for gunicorn: what bench/service.py compares with."""

from __future__ import annotations

from flask import Flask, Response, jsonify

application = Flask(__name__)


@application.get("/bare")
def bare() -> Response:
    return jsonify(status="ok")
