"""The books: what the service promised with each 201, and what became of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.service import TERMINAL, User

POLL_SECONDS = 0.1


@dataclass
class Promise:
    """One accepted job. `end` is the status object with which it was first seen ended; it may be gone since.

    `was_told` is false where the 201 got lost, and a later 409 named the job.
    """

    job_id: str
    owner: User
    has_webhook: bool
    was_told: bool
    cancel_asked: bool = False
    delete_asked: bool = False
    end: dict[str, Any] = field(default_factory=dict)
    is_gone: bool = False

    @property
    def status(self) -> str:
        """How it ended; nothing while it hasn't."""
        return str(self.end.get("status", ""))


class Ledger:
    """Shared by all threads. `broken` are sentences about promises that weren't kept."""

    def __init__(self) -> None:
        self.promises: dict[str, Promise] = {}
        self.broken: list[str] = []
        self.answers: Counter[int] = Counter()
        self._lock = threading.Lock()

    def submit(self, owner: User, image: bytes, audio: bytes, **fields: str) -> Promise | None:
        """One try. Returns what it came to: a new promise, one that was made unheard, or none."""
        try:
            answer = owner.submit(image, audio, **fields)
        except httpx.TransportError:
            return None
        self._count(answer)
        if answer.status_code not in (201, 409):
            return None
        with self._lock:
            job_id = answer.json()["jobId"]
            unheard = Promise(job_id, owner, "webhookUrl" in fields, was_told=answer.status_code == 201)
            return self.promises.setdefault(job_id, unheard)

    def look(self, promise: Promise) -> bool:
        """Whether the job has ended. Notes it if it ended otherwise than it was seen before."""
        try:
            answer = promise.owner.http.get(f"/api/status/{promise.job_id}")
        except httpx.TransportError:
            return False
        self._count(answer)
        if answer.status_code == 404:
            self._note_gone(promise)
        elif answer.status_code == 200 and answer.json()["status"] in TERMINAL:
            self._note_end(promise, answer.json())
        return promise.is_gone or bool(promise.end)

    def ask(self, promise: Promise, method: str, path: str) -> None:
        """Cancels or deletes; whether it is done shows in the end."""
        try:
            self._count(promise.owner.http.request(method, path))
        except httpx.TransportError:
            return

    def wait_for(self, promise: Promise, deadline: float) -> bool:
        """Whether it ends before `deadline` (monotonic)."""
        while not self.look(promise):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def settle(self, seconds: float) -> None:
        """Waits for everything promised to end; what doesn't is lost."""
        deadline = time.monotonic() + seconds
        for promise in list(self.promises.values()):
            if not self.wait_for(promise, deadline):
                self.complain(f"{promise.job_id} is lost: it hasn't ended {seconds} s after the last fault")

    def close(self) -> None:
        """Whom promises were made to go home."""
        for promise in self.promises.values():
            promise.owner.http.close()

    def complain(self, sentence: str) -> None:
        with self._lock:
            self.broken.append(sentence)

    def _note_end(self, promise: Promise, end: dict[str, Any]) -> None:
        if promise.end and _core(promise.end) != _core(end):
            self.complain(f"{promise.job_id} ended twice: {promise.end} and {end}")
        promise.end = end

    def _note_gone(self, promise: Promise) -> None:
        if not (promise.delete_asked or promise.is_gone):
            self.complain(f"{promise.job_id} is lost: there is no such job")
        promise.is_gone = True

    def _count(self, answer: httpx.Response) -> None:
        with self._lock:
            self.answers[answer.status_code] += 1
        if answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            self.complain(f"answered 500: {answer.request.method} {answer.request.url.path} {answer.text}")


def _core(end: dict[str, Any]) -> tuple[Any, ...]:
    """What of a status object never changes: links are signed anew each time."""
    return end["status"], end["updatedAt"], end["errorMessage"], end["outputShareLink"]
