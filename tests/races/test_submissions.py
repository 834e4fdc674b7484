"""Many submissions of one key at the same instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.config.settings import Settings
from app.keys.api_keys import MintedKey
from app.web import create_app
from tests.races.rivals import race
from tests.support.world import Person, World

RIVALS = 8
ROUNDS = 40
#: Of the races that are about more than one job.
FEW_ROUNDS = 10
MAX_ACTIVE_JOBS = 3


@dataclass(frozen=True)
class Submitter:
    """Submits once in every round, in a process of its own."""

    settings: Settings
    keys: list[MintedKey]
    idempotency_key: str | None = None

    def __call__(self, _number: int, meet: Callable[[], object]) -> list[tuple[int, Any]]:
        app = create_app(self.settings)
        return [self._submit(Person(key, app.test_client()), meet) for key in self.keys]

    def _submit(self, person: Person, meet: Callable[[], object]) -> tuple[int, Any]:
        meet()
        answer = person.submit(self.idempotency_key)
        return answer.status_code, answer.json


@pytest.mark.fault(16)
def test_of_many_submissions_at_one_instant_exactly_one_wins(arena: World) -> None:
    keys = [arena.person(f"round {number}").key for number in range(ROUNDS)]

    rounds = list(zip(*race(Submitter(arena.settings, keys), RIVALS), strict=True))

    for answers in rounds:
        assert Counter(status for status, _ in answers) == {201: 1, 409: RIVALS - 1}
        (winner,) = [body["jobId"] for status, body in answers if status == 201]
        assert {body["jobId"] for status, body in answers if status == 409} == {winner}
    assert arena.count("jobs") == ROUNDS
    assert len(arena.left_files()) == 2 * ROUNDS, "a loser leaves nothing"


def test_of_many_submissions_under_one_idempotency_key_one_makes_the_job_and_all_are_told_so(
    arena: World,
) -> None:
    keys = [arena.person(f"round {n}", max_active_jobs=MAX_ACTIVE_JOBS).key for n in range(FEW_ROUNDS)]

    rounds = list(zip(*race(Submitter(arena.settings, keys, "once"), RIVALS), strict=True))

    for answers in rounds:
        assert Counter(status for status, _ in answers) == {201: RIVALS}
        assert len({body["jobId"] for _, body in answers}) == 1
    assert arena.count("jobs") == FEW_ROUNDS
    assert len(arena.left_files()) == 2 * FEW_ROUNDS, "a replay leaves nothing"


def test_of_many_submissions_at_one_instant_as_many_win_as_the_key_may_have(arena: World) -> None:
    keys = [arena.person(f"round {n}", max_active_jobs=MAX_ACTIVE_JOBS).key for n in range(FEW_ROUNDS)]

    rounds = list(zip(*race(Submitter(arena.settings, keys), RIVALS), strict=True))

    for answers in rounds:
        won = {body["jobId"] for status, body in answers if status == 201}
        lost = [body["jobId"] for status, body in answers if status == 409]
        assert (len(won), len(lost)) == (MAX_ACTIVE_JOBS, RIVALS - MAX_ACTIVE_JOBS)
        assert set(lost) <= won
    assert arena.count("jobs") == MAX_ACTIVE_JOBS * FEW_ROUNDS
    assert len(arena.left_files()) == 2 * MAX_ACTIVE_JOBS * FEW_ROUNDS, "a loser leaves nothing"
