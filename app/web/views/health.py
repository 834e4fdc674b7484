"""Is the process up; can the service take and finish jobs."""

from __future__ import annotations

from flask import Blueprint, Response

from app.schemas.service import HealthBody, NotReadyBody, ReadyBody
from app.web.http.auth import is_operator
from app.web.http.context import services
from app.web.http.responses import answer
from app.web.openapi.operations import Answer, Tag, described

#: What anybody is told of a part that fails. What it is may name hosts and paths.
UNTOLD = "not well; an admin's key, or METRICS_TOKEN as a bearer's, is told more"

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
    details="Anybody is told which parts fail; an admin's key, or METRICS_TOKEN as a bearer's, why they do.",
)
def ready() -> Response:
    problems = services().readiness.problems()
    if not problems:
        return answer(ReadyBody())
    told = problems if is_operator() else dict.fromkeys(problems, UNTOLD)
    return answer(NotReadyBody(problems=told), 503)
