"""What a key used, on both databases: counted once, and kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.database.database import Database, now_ms
from app.database.models import ApiKey, Usage
from app.errors.keys import QuotaExceeded
from app.jobs import leases, lost_leases, queries, retention, segments
from app.jobs.leases import Lease
from app.jobs.segments import LeaderLease, SegmentLease
from app.keys import usage
from app.keys.usage import CpuTime
from app.storage.stores import Storage
from tests.support.rows import (
    LINKS,
    OUTCOME,
    add_job,
    add_key,
    change,
    change_key,
    claimed,
    deleted,
    job_row,
    key_row,
)

EFFORT = CpuTime(render_seconds=2.0, cpu_seconds=3.5)


def used(database: Database) -> Usage:
    """The only row there is."""
    with database.reading() as session:
        return session.exec(select(Usage)).one()


def today(database: Database) -> date:
    with database.reading() as session:
        return usage.day_of(session.exec(select(now_ms())).one())


def add_usage(database: Database, key_id: str, day: date, **counts: Any) -> None:
    with database.writing() as session:
        session.add(Usage(api_key_id=key_id, day=day, **counts))


def with_quota(database: Database, seconds: int | None) -> ApiKey:
    key = add_key(database)
    change_key(database, key.id, monthly_quota_seconds=seconds)
    return key_row(database, key.id)


def test_a_completed_job_counts_with_its_video_and_what_it_cost(database: Database) -> None:
    lease = claimed(database)

    leases.complete(database, lease, OUTCOME, LINKS, EFFORT)

    row = used(database)
    assert (row.api_key_id, row.day) == (lease.job.api_key_id, today(database))
    assert (row.submitted, row.completed, row.failed, row.cancelled) == (0, 1, 0, 0)
    assert (row.output_seconds, row.bytes_out) == (OUTCOME.facts.duration_seconds, OUTCOME.video_bytes)
    assert (row.render_seconds, row.cpu_seconds) == (2.0, 3.5)


def test_a_failed_job_counts_with_what_it_cost_and_no_video(database: Database) -> None:
    leases.fail(database, claimed(database), "No sound.", LINKS, EFFORT)

    row = used(database)
    assert (row.completed, row.failed) == (0, 1)
    assert (row.output_seconds, row.bytes_out, row.cpu_seconds) == (0, 0, 3.5)


def test_a_cancelled_job_counts_as_such_alone(database: Database, storage: Storage) -> None:
    job_id = add_job(database)

    queries.cancel(database, storage, job_id, owner=job_row(database, job_id).api_key_id)

    row = used(database)
    assert (row.cancelled, row.completed, row.failed, row.cpu_seconds) == (1, 0, 0, 0)


ENDS: dict[str, Callable[[Database, Lease], bool]] = {
    "complete": lambda database, lease: leases.complete(database, lease, OUTCOME, LINKS, EFFORT),
    "fail": lambda database, lease: leases.fail(database, lease, "No sound.", LINKS, EFFORT),
    "lose": lambda database, lease: lost_leases.lose(database, lease, LINKS, EFFORT, max_attempts=1),
    "hand back": lambda database, lease: leases.hand_back(database, lease, EFFORT),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_is_told_twice_counts_once(database: Database, end: Callable[[Database, Lease], bool]) -> None:
    lease = claimed(database)

    assert [end(database, lease) for _ in range(2)] == [True, False]

    row = used(database)
    assert row.completed + row.failed <= 1
    assert row.cpu_seconds == 3.5


def test_tries_that_came_to_nothing_count_with_what_they_cost(database: Database) -> None:
    job_id = add_job(database)
    moves: list[Callable[[Lease], bool]] = [
        lambda lease: leases.hand_back(database, lease, EFFORT),
        lambda lease: lost_leases.lose(database, lease, LINKS, EFFORT, max_attempts=3),
        lambda lease: lost_leases.lose_dead(
            database, job_id, lease.job.generation, LINKS, EFFORT, max_attempts=3
        ),
        lambda lease: leases.complete(database, lease, OUTCOME, LINKS, EFFORT),
    ]
    for generation, move in enumerate(moves):
        lease = leases.claim(database, job_id, generation, lease_seconds=15)
        assert lease is not None
        assert move(lease)

    row = used(database)
    assert (row.completed, row.failed) == (1, 0)
    assert (row.render_seconds, row.cpu_seconds) == (4 * 2.0, 4 * 3.5)


def test_a_helper_s_work_counts_for_the_job_s_key(database: Database) -> None:
    lease = claimed(database)
    segments.lay_out(database, LeaderLease(lease.job.id, lease.token), "digest", [(0, 50)])
    hold = SegmentLease(lease.job.id, 0, "helper")
    assert segments.claim(database, hold, lease_seconds=15)

    assert segments.finish(database, hold, EFFORT)

    row = used(database)
    assert (row.api_key_id, row.cpu_seconds) == (lease.job.api_key_id, 3.5)


def test_use_outlives_the_job(database: Database, storage: Storage) -> None:
    expired, given_up, destroyed = (claimed(database) for _ in range(3))
    for lease in (expired, given_up, destroyed):
        leases.complete(database, lease, OUTCOME, LINKS)

    deleted(database, storage, given_up.job.id)
    deleted(database, storage, destroyed.job.id, permanent=True)
    change(database, expired.job.id, updated_at_ms=1)
    assert retention.expire(database, storage, retention_days=30) == 1

    for lease in (expired, given_up, destroyed):
        (day,) = usage.by_day(database, lease.job.api_key_id, days=1)
        assert day.completed == 1


def test_many_that_count_at_once_are_all_counted(database: Database) -> None:
    key = add_key(database)

    def count(_number: int) -> None:
        with database.writing() as session:
            usage.cancelled(session, key.id, session.exec(select(now_ms())).one())

    with ThreadPoolExecutor(8) as counters:
        list(counters.map(count, range(40)))

    assert sum(day.cancelled for day in usage.by_day(database, key.id, days=2)) == 40


def test_every_day_asked_for_is_listed_oldest_first(database: Database) -> None:
    key, other, now = add_key(database), add_key(database), today(database)
    add_usage(database, key.id, now - timedelta(days=3), completed=1)
    add_usage(database, key.id, now - timedelta(days=1), completed=2)
    add_usage(database, other.id, now, completed=9)

    days = usage.by_day(database, key.id, days=3)

    assert [day.day for day in days] == [now - timedelta(days=ago) for ago in (2, 1, 0)]
    assert [day.completed for day in days] == [0, 2, 0]


def test_a_quota_is_left_until_its_seconds_are_reached(database: Database) -> None:
    key = with_quota(database, 60)
    add_usage(database, key.id, today(database), output_seconds=59.9)
    assert usage.refusal_beyond_quota(database, key) is None

    lease = claimed(database, api_key_id=key.id)
    leases.complete(database, lease, OUTCOME, LINKS)

    refusal = usage.refusal_beyond_quota(database, key)
    assert refusal is not None
    seconds = refusal.retry_after_seconds
    assert seconds is not None
    assert 0 < seconds <= 31 * 86_400
    assert refusal.extras == {"retryAfterSeconds": seconds}


def test_many_small_videos_reach_the_quota_too(database: Database) -> None:
    key = with_quota(database, 1)
    lease_count = 10
    for _ in range(lease_count):
        with database.writing() as session:
            job = job_row(database, add_job(database, api_key_id=key.id, status="COMPLETED"))
            job.duration_seconds = 0.1
            usage.ended(session, job, EFFORT, bytes_out=1)

    assert isinstance(usage.refusal_beyond_quota(database, key), QuotaExceeded)


def test_a_key_without_a_quota_may_use_any_number(database: Database) -> None:
    key = with_quota(database, None)
    add_usage(database, key.id, today(database), output_seconds=1e9)

    assert usage.refusal_beyond_quota(database, key) is None
    assert usage.quota_of(database, key) is None


def test_last_month_s_use_is_forgiven_and_the_next_month_s_first_day_is_named(database: Database) -> None:
    key, first = with_quota(database, 60), today(database).replace(day=1)
    add_usage(database, key.id, first - timedelta(days=1), output_seconds=1000.0)
    add_usage(database, key.id, first, output_seconds=12.5)

    quota = usage.quota_of(database, key)

    assert quota is not None
    assert (quota.monthly_seconds, quota.used_seconds) == (60, 12.5)
    resets_on = usage.day_of(quota.resets_at_ms)
    assert resets_on.day == 1
    assert 28 <= (resets_on - first).days <= 31
    assert usage.day_of(quota.resets_at_ms - 1) == resets_on - timedelta(days=1)
