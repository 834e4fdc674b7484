"""Fifty submissions of one key at the same instant, over real HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.support.service import Service, User, wait_until

RIVALS = 50


def submit_at_once(
    address: str, key: dict[str, str], idempotency_key: str | None = None
) -> list[httpx.Response]:
    """What so many rivals are answered, each over a connection of its own."""
    start = threading.Barrier(RIVALS)

    def submit(_number: int) -> httpx.Response:
        rival = User(address, key)
        with rival.http:
            start.wait(30)
            return rival.submit(idempotency_key=idempotency_key)

    with ThreadPoolExecutor(RIVALS) as rivals:
        return list(rivals.map(submit, range(RIVALS)))


def test_of_fifty_at_the_same_instant_exactly_one_wins(service: Service) -> None:
    alice = service.user("alice")

    answers = submit_at_once(service.address, alice.key)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: RIVALS - 1}
    (winner,) = [answer.json()["jobId"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["jobId"] for answer in answers if answer.status_code == 409} == {winner}
    assert alice.wait_for(winner)["status"] == "COMPLETED"


def test_of_fifty_under_one_idempotency_key_one_makes_the_job_and_all_are_told_so(service: Service) -> None:
    alice = service.user("alice")
    uploads = service.data_dir / "files" / "uploads"
    others = set(uploads.iterdir()) if uploads.exists() else set()

    answers = submit_at_once(service.address, alice.key, "once")

    assert Counter(answer.status_code for answer in answers) == {201: RIVALS}
    assert Counter(answer.headers.get("Idempotency-Replayed") for answer in answers) == {
        None: 1,
        "true": RIVALS - 1,
    }
    (job_id,) = {answer.json()["jobId"] for answer in answers}
    alice.wait_for(job_id, "COMPLETED")
    assert [job["id"] for job in alice.http.get("/api/jobs").json()["jobs"]] == [job_id]
    assert list((service.data_dir / "incoming").iterdir()) == []
    wait_until(lambda: set(uploads.iterdir()) <= others)
