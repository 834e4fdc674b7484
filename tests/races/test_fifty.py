"""Fifty submissions of one key at the same instant, on both databases, while no worker ends a job."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import TestResponse

from tests.support.world import Person, World

RIVALS = 50


def submit_at_once(arena: World, person: Person, idempotency_key: str | None = None) -> list[TestResponse]:
    start = threading.Barrier(RIVALS)

    def submit(_number: int) -> TestResponse:
        rival = Person(person.key, arena.app.test_client())
        start.wait(30)
        return rival.submit(idempotency_key)

    with ThreadPoolExecutor(RIVALS) as rivals:
        return list(rivals.map(submit, range(RIVALS)))


def test_of_fifty_as_many_win_as_the_key_may_have_at_once(arena: World) -> None:
    answers = submit_at_once(arena, arena.person("carol", max_active_jobs=3))

    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: RIVALS - 3}
    assert (arena.count("jobs"), len(arena.left_files())) == (3, 6)


def test_fifty_fit_into_fifty_slots(arena: World) -> None:
    answers = submit_at_once(arena, arena.person("carol", max_active_jobs=RIVALS))

    assert Counter(answer.status_code for answer in answers) == {201: RIVALS}


def test_fifty_under_one_idempotency_key_are_one(arena: World) -> None:
    answers = submit_at_once(arena, arena.alice, "once")

    assert Counter(answer.status_code for answer in answers) == {201: RIVALS}
    assert len({answer.data for answer in answers}) == 1
    assert Counter("Idempotency-Replayed" in answer.headers for answer in answers) == {
        True: RIVALS - 1,
        False: 1,
    }
    assert (arena.count("jobs"), len(arena.left_files())) == (1, 2)
