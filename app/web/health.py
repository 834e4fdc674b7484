"""Is the process up; can the service take and finish jobs."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app import readiness
from app.web.services import services

health = Blueprint("health", __name__)


@health.get("/health")
@health.get("/api/health")
def alive() -> Response:
    """The process answers: touches nothing else."""
    return jsonify(status="ok")


@health.get("/ready")
def ready() -> tuple[Response, int]:
    parts = services()
    problems = readiness.problems(parts.settings, parts.database, parts.doorbell, parts.storage)
    return (
        (jsonify(status="not ready", problems=problems), 503) if problems else (jsonify(status="ready"), 200)
    )
