"""The circuit breaker of a worker."""

from __future__ import annotations

import pytest

from worker.execution.circuit_breaker import FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS, CircuitBreaker


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_it_is_closed_until_there_is_a_fault(clock: list[float]) -> None:
    breaker = CircuitBreaker()

    assert (breaker.part, breaker.remaining_seconds) == ("", 0)


def test_each_fault_makes_the_pause_twice_as_long_up_to_the_most(clock: list[float]) -> None:
    breaker, pauses = CircuitBreaker(), []
    for _ in range(8):
        breaker.trip("storage")
        pauses.append(breaker.remaining_seconds)
        clock[0] += pauses[-1]
        assert breaker.remaining_seconds == 0

    assert pauses[:3] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert pauses[-1] == MAX_PAUSE_SECONDS


def test_a_success_lets_the_next_pause_be_the_first(clock: list[float]) -> None:
    breaker = CircuitBreaker()
    for _ in range(3):
        breaker.trip("disk")
    breaker.reset()
    assert breaker.part == ""

    breaker.trip("ffmpeg")
    assert breaker.remaining_seconds == FIRST_PAUSE_SECONDS
