"""The bodies that are about no job and no key: how the service is, and what every refusal looks like."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from app.errors import ApiError
from app.schemas.jobs import Body


class HealthBody(Body):
    """`GET /health`: the process is up."""

    status: Literal["ok"] = "ok"


class ReadyBody(Body):
    """`GET /ready`: jobs are taken and finished."""

    status: Literal["ready"] = "ready"


class NotReadyBody(Body):
    """`GET /ready`, where something is missing: `problems` has a sentence for each part that fails."""

    status: Literal["not ready"] = "not ready"
    problems: dict[str, str]


class ErrorBody(Body):
    """A refusal: `error` is for a person, `code` for a program. Some codes bring further members."""

    model_config = ConfigDict(extra="allow")

    error: str
    code: str

    @classmethod
    def of(cls, error: ApiError) -> ErrorBody:
        return cls.model_validate(error.body())
