"""How long a job is said to take still."""

from __future__ import annotations

import pytest

from worker.progress import Expectation

#: Five minutes of voice on two busy cores: seconds since the voice was decoded, and the share that was done.
#: Recognising the speech took longer than its part of the share says, drawing less, as it happens.
TOOK_SECONDS, EXPECTED_SECONDS, FROM_SHARE = 91.3, 106.0, 0.1
RECORDED = [
    *((0.0, 0.1), (0.7, 0.129), (2.9, 0.15), (7.4, 0.16), (11.4, 0.167), (19.2, 0.181), (24.7, 0.199)),
    *((29.8, 0.22), (34.9, 0.224), (36.9, 0.29), (41.0, 0.44), (45.2, 0.492), (49.3, 0.612), (53.4, 0.718)),
    *((58.6, 0.744), (64.4, 0.75), (69.1, 0.756), (75.9, 0.786), (80.1, 0.805), (84.2, 0.867), (88.3, 0.965)),
]


def test_at_first_it_is_what_was_expected() -> None:
    assert Expectation(106, 0.1, since=50).eta_seconds(0.1, now=50) == 106


def test_at_the_end_it_is_nothing() -> None:
    assert Expectation(106, 0.1, since=0).eta_seconds(1.0, now=80) == 0


@pytest.mark.parametrize(("elapsed", "share"), RECORDED)
def test_of_a_real_job_it_was_never_far_off(elapsed: float, share: float) -> None:
    told = Expectation(EXPECTED_SECONDS, FROM_SHARE, since=0).eta_seconds(share, elapsed)
    left = TOOK_SECONDS - elapsed

    assert left / 2.5 - 2 < told < left * 2.5 + 2


@pytest.mark.parametrize("times", [0.25, 4])
def test_an_expectation_that_was_wrong_is_believed_ever_less(times: float) -> None:
    expected = Expectation(100, 0, since=0)
    took = 100 * times

    errors = [abs(expected.eta_seconds(done, took * done) - took * (1 - done)) for done in (0.3, 0.6, 0.9)]

    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < took * 0.05 + 2
