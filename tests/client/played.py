"""A service that is played: one transport, a clock, and answers that are written beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

from app.client import Talkreel

KEY = "tr_key"
URL = "http://talkreel.test"
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Played:
    """Gives `answers` in their order; the last one again and again."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers: list[Answer] = []
        self.requests: list[httpx.Request] = []
        self.client = Talkreel(URL, KEY, transport=httpx.MockTransport(self._answer))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.client.close()

    @property
    def asked(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def refusal(status: int, code: str = "unavailable", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": "A sentence.", "code": code}, headers=headers)


def status_object(**changes: Any) -> dict[str, Any]:
    return {
        "jobId": "abcdefgh1",
        "status": "PENDING",
        "progress": 0,
        "outputVideo": None,
        "outputShareLink": None,
        "errorMessage": None,
        "createdAt": "2026-05-07T12:34:56.000Z",
        "updatedAt": "2026-05-07T12:34:56.000Z",
        **changes,
    }


def stream(*lines: str, broken: bool = False) -> httpx.Response:
    """An event stream; a broken one ends as a lost connection does."""

    def body() -> Iterator[bytes]:
        for line in lines:
            yield f"{line}\n".encode()
        if broken:
            raise httpx.ReadError("gone")

    return httpx.Response(200, content=body(), headers={"Content-Type": "text/event-stream"})


def event(name: str, **changes: Any) -> list[str]:
    return [f"event: {name}", f"data: {json.dumps(status_object(**changes))}", ""]
