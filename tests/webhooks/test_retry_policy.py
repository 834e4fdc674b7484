from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.config.settings import Settings
from app.egress.http_client import Answer, BlockedAddress, ConnectFailed, EgressError, Timeout
from app.webhooks.retry_policy import ClaimedDelivery, Delivered, GiveUp, Outcome, RetryAt, outcome_of

SCHEDULE = (5, 300, 1_800)
#: Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7.
NOW_SECONDS = 784_111_777.0


def decide(result: Answer | EgressError, *, tries: int = 0, schedule: Sequence[int] = SCHEDULE) -> Outcome:
    return outcome_of(result, tries=tries, schedule=schedule, jitter=1, now_seconds=NOW_SECONDS)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_2xx_is_delivered_also_at_the_last_try(status: int) -> None:
    assert decide(Answer(status)) == Delivered(status)
    assert decide(Answer(status), tries=3) == Delivered(status)


@pytest.mark.parametrize(
    "status", [101, 199, 300, 301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503, 504, 600]
)
def test_every_other_status_is_tried_again(status: int) -> None:
    assert decide(Answer(status)) == RetryAt(5, f"http_{status}")


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Timeout("slow"), "timeout"),
        (ConnectFailed("refused"), "connect_failed"),
        (BlockedAddress("inside"), "blocked_address"),
    ],
)
def test_a_failure_is_tried_again_under_its_own_word(error: EgressError, word: str) -> None:
    assert decide(error) == RetryAt(5, word)


@pytest.mark.parametrize(("tries", "delay_seconds"), [(0, 5), (1, 300), (2, 1_800)])
def test_each_try_has_its_place_in_the_schedule(tries: int, delay_seconds: int) -> None:
    assert decide(Answer(500), tries=tries) == RetryAt(delay_seconds, "http_500")


@pytest.mark.parametrize("tries", [3, 4])
def test_a_schedule_that_is_used_up_ends_the_delivery(tries: int) -> None:
    assert decide(Answer(500), tries=tries) == GiveUp("http_500")
    assert decide(Timeout("slow"), tries=tries) == GiveUp("timeout")
    assert decide(Answer(503, "7"), tries=tries) == GiveUp("http_503")


def test_unless_set_otherwise_it_is_tried_ten_times_within_75_hours() -> None:
    schedule = Settings().webhook_retry_schedule
    outcomes = [decide(Answer(500), tries=tries, schedule=schedule) for tries in range(10)]
    delays_seconds = [outcome.delay_seconds for outcome in outcomes if isinstance(outcome, RetryAt)]
    assert outcomes[9] == GiveUp("http_500")
    assert delays_seconds[:4] == [5, 300, 1800, 7200]
    assert 75 <= sum(delays_seconds) / 3600 < 76


def test_an_empty_schedule_means_one_try() -> None:
    assert decide(Answer(500), schedule=()) == GiveUp("http_500")


def test_410_ends_the_delivery_at_once() -> None:
    assert decide(Answer(410)) == GiveUp("http_410")


@pytest.mark.parametrize("jitter", [0.9, 1.0, 1.1])
def test_jitter_stretches_the_delay(jitter: float) -> None:
    outcome = outcome_of(Answer(500), tries=1, schedule=SCHEDULE, jitter=jitter, now_seconds=NOW_SECONDS)
    assert outcome == RetryAt(300 * jitter, "http_500")


@pytest.mark.parametrize(
    ("retry_after", "delay_seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("3", 5),
        ("0", 5),
        ("86400", 86_400),
        ("86401", 86_400),
        ("999999999999", 86_400),
        ("9" * 5000, 5),
        ("-7", 5),
        ("7.5", 5),
        ("٧٧", 5),
        ("soon", 5),
        ("", 5),
        ("Sun, 06 Nov 1994 08:51:37 GMT", 120),
        ("Sun, 06 Nov 1994 08:51:37 -0000", 120),
        ("Sunday, 06-Nov-94 08:51:37 GMT", 120),
        ("Sun Nov  6 08:51:37 1994", 120),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 5),
        ("Sun, 06 Nov 1993 08:49:37 GMT", 5),
        ("Sun, 06 Nov 2094 08:49:37 GMT", 86_400),
        ("Sun, 99 Nov 1994 08:49:37 GMT", 5),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_receiver_may_ask_for_a_longer_wait_up_to_a_day(
    status: int, retry_after: str, delay_seconds: float
) -> None:
    assert decide(Answer(status, retry_after)) == RetryAt(delay_seconds, f"http_{status}")


@pytest.mark.parametrize("status", [302, 404, 500, 502])
def test_nobody_else_may_ask_for_a_wait(status: int) -> None:
    assert decide(Answer(status, "120")) == RetryAt(5, f"http_{status}")


@settings(deadline=None)
@given(st.text() | st.text("0123456789 :,+-SunNovGMT", max_size=40))
def test_no_retry_after_breaks_the_decision(retry_after: str) -> None:
    outcome = decide(Answer(503, retry_after))
    assert isinstance(outcome, RetryAt)
    assert 5 <= outcome.delay_seconds <= 86_400


def test_a_delivery_shows_neither_its_secrets_nor_its_body() -> None:
    delivery = ClaimedDelivery(
        "msg_1", "token", "https://hook.test/", "job.failed", b"BODY", 0, ("SECRET",), "job1"
    )
    assert "SECRET" not in repr(delivery)
    assert "BODY" not in repr(delivery)
    assert delivery.host == "hook.test"
