"""Is the process up; can the service take and finish jobs."""

from __future__ import annotations

from flask import Blueprint, Response

from app import readiness
from app.service_bodies import HealthBody, NotReadyBody, ReadyBody
from app.web.answers import answer
from app.web.openapi.operations import Answer, Tag, described
from app.web.services import services

health = Blueprint("health", __name__)


@health.get("/health")
@health.get("/api/health")
@described("Whether the process is up", Tag.SERVICE, Answer("It is.", (HealthBody,)))
def alive() -> Response:
    """The process answers: touches nothing else."""
    return answer(HealthBody())


@health.get("/ready")
@described(
    "Whether jobs are taken and finished",
    Tag.SERVICE,
    Answer("They are.", (ReadyBody,)),
    Answer("Not now.", (NotReadyBody,), status=503),
)
def ready() -> Response:
    parts = services()
    problems = readiness.problems(parts.settings, parts.database, parts.doorbell, parts.storage)
    return answer(NotReadyBody(problems=problems), 503) if problems else answer(ReadyBody())
