"""Fifty submissions of one key at the same instant, over real HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.service import Service, User

RIVALS = 50


def test_of_fifty_at_the_same_instant_exactly_one_wins(service: Service) -> None:
    alice = service.user("alice")
    start = threading.Barrier(RIVALS)

    def submit(_number: int) -> httpx.Response:
        rival = User(service.address, alice.key)
        with rival.http:
            start.wait(30)
            return rival.submit()

    with ThreadPoolExecutor(RIVALS) as rivals:
        answers = list(rivals.map(submit, range(RIVALS)))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: RIVALS - 1}
    (winner,) = [answer.json()["jobId"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["jobId"] for answer in answers if answer.status_code == 409} == {winner}
    assert alice.wait_for(winner)["status"] == "COMPLETED"
