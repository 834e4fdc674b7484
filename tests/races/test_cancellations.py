"""An owner's cancel and a worker's claim at the same instant."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.config.settings import Settings
from app.domain.states import JobStatus
from app.jobs import leases
from app.keys.api_keys import MintedKey
from app.web import create_app
from app.web.http.context import EXTENSION, Services
from tests.races.rivals import race
from tests.support.rows import add_job
from tests.support.world import Person, World

ROUNDS = 80

#: A cancel goes through HTTP and takes longer than a claim. The worker's handicap, round by round, moves the
#: instant at which it strikes across the whole of the owner's request.
HANDICAPS_SECONDS = (0, 0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128)


@dataclass(frozen=True)
class Rival:
    """Number 0 is the owner of every job, number 1 a worker. Says which jobs it won."""

    settings: Settings
    jobs: list[tuple[str, MintedKey]]

    def __call__(self, number: int, meet: Callable[[], object]) -> list[bool]:
        app = create_app(self.settings)
        services: Services = app.extensions[EXTENSION]
        won = []
        for round_number, (job_id, key) in enumerate(self.jobs):
            person = Person(key, app.test_client())
            meet()
            if number == 0:
                won.append(_cancels(person, job_id))
            else:
                time.sleep(HANDICAPS_SECONDS[round_number % len(HANDICAPS_SECONDS)])
                won.append(_claims(services, job_id))
        return won


def _cancels(owner: Person, job_id: str) -> bool:
    answer = owner.post(f"/api/jobs/{job_id}/cancel")
    assert answer.status_code in (200, 409), answer.text
    return answer.status_code == 200


def _claims(services: Services, job_id: str) -> bool:
    return leases.claim(services.database, job_id, 0, lease_seconds=60) is not None


@pytest.mark.fault(17)
def test_of_a_cancel_and_a_claim_at_one_instant_exactly_one_wins(arena: World) -> None:
    people = [arena.person(f"round {number}") for number in range(ROUNDS)]
    jobs = [(add_job(arena.services.database, api_key_id=person.key.id), person.key) for person in people]

    cancelled, claimed = race(Rival(arena.settings, jobs), 2)

    assert [by_owner != by_worker for by_owner, by_worker in zip(cancelled, claimed, strict=True)] == [
        True
    ] * ROUNDS
    statuses = [person.status(job_id)["status"] for person, (job_id, _) in zip(people, jobs, strict=True)]
    assert statuses == [JobStatus.CANCELLED if won else JobStatus.PROCESSING for won in cancelled]
    assert Counter(cancelled).keys() == {True, False}, "a race that one side always wins shows nothing"
