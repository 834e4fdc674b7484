"""Many submissions of one key at the same instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.apikeys import MintedKey
from app.settings import Settings
from app.web import create_app
from tests.races.rivals import race
from tests.world import Person, World

RIVALS = 8
ROUNDS = 40


@dataclass(frozen=True)
class Submitter:
    """Submits once in every round, in a process of its own."""

    settings: Settings
    keys: list[MintedKey]

    def __call__(self, _number: int, meet: Callable[[], object]) -> list[tuple[int, Any]]:
        app = create_app(self.settings)
        return [self._submit(Person(key, app.test_client()), meet) for key in self.keys]

    def _submit(self, person: Person, meet: Callable[[], object]) -> tuple[int, Any]:
        meet()
        answer = person.submit()
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
