"""What the tests of GET /api/jobs list and look at."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, delete

from app.core import ids
from app.database.models import Job
from app.domain.states import JobStatus, Phase
from app.media.media_types import MediaType
from tests.support.world import Person, World


def page(person: Person, **query: Any) -> dict[str, Any]:
    answer = person.get("/api/jobs", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def ids_on(page: dict[str, Any]) -> list[str]:
    return [job["id"] for job in page["jobs"]]


def add_ended(world: World, owner: Person, *created_at_ms: int) -> list[str]:
    """Adds a cancelled job for each time, and returns their ids."""
    new = [ids.new_id() for _ in created_at_ms]
    with world.services.database.writing() as session:
        for job_id, at_ms in zip(new, created_at_ms, strict=True):
            session.add(
                Job(
                    id=job_id,
                    api_key_id=owner.key.id,
                    status=JobStatus.CANCELLED,
                    image_type=MediaType.PNG,
                    audio_type=MediaType.WAV,
                    phase=Phase.DONE,
                    created_at_ms=at_ms,
                    updated_at_ms=at_ms,
                )
            )
    return new


def remove(world: World, job_id: str) -> None:
    with world.services.database.writing() as session:
        session.exec(delete(Job).where(col(Job.id) == job_id))
