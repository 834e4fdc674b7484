"""The slots of a key, on both databases."""

from __future__ import annotations

from app.database.database import Database
from app.domain.states import JobStatus
from app.jobs import concurrency_limit, leases, lost_leases
from app.jobs.concurrency_limit import Slots
from app.keys.api_keys import mint
from tests.support.rows import LINKS, add_job, add_key, change_key, claimed, job_row, let_run_out


def of_key(database: Database, key_id: str) -> Slots:
    with database.reading() as session:
        return concurrency_limit.of_key(session, key_id)


def test_a_key_may_have_one_job_unless_it_was_made_for_more(database: Database) -> None:
    one, three = add_key(database), mint(database, "busy", max_active_jobs=3)
    for key in (one, three):
        add_job(database, api_key_id=key.id)

    assert [of_key(database, key.id).are_full for key in (one, three)] == [True, False]


def test_a_key_with_nothing_to_do_has_room(database: Database) -> None:
    found = of_key(database, add_key(database).id)

    assert (found.are_full, found.lowest_free, found.job_ids) == (False, 0, [])


def test_the_lowest_free_slot_is_the_next_one(database: Database) -> None:
    key = mint(database, "busy", max_active_jobs=4)
    add_job(database, api_key_id=key.id, slot=0)
    add_job(database, api_key_id=key.id, slot=1, status=JobStatus.COMPLETED)
    add_job(database, api_key_id=key.id, slot=2, status=JobStatus.PROCESSING)

    assert of_key(database, key.id).lowest_free == 1


def test_active_jobs_are_told_oldest_first(database: Database) -> None:
    key = mint(database, "busy", max_active_jobs=2)
    younger, older = (
        add_job(database, api_key_id=key.id, slot=slot, created_at_ms=at_ms)
        for slot, at_ms in ((0, 2), (1, 1))
    )

    assert of_key(database, key.id).job_ids == [older, younger]


def test_a_lowered_limit_lets_the_active_jobs_go_on_and_counts_them(database: Database) -> None:
    key = mint(database, "busy", max_active_jobs=5)
    for slot in (2, 3, 4):
        add_job(database, api_key_id=key.id, slot=slot)

    change_key(database, key.id, max_active_jobs=3)

    assert of_key(database, key.id).are_full


def test_a_job_whose_worker_was_lost_keeps_its_slot(database: Database) -> None:
    key = mint(database, "busy", max_active_jobs=3)
    add_job(database, api_key_id=key.id)
    lost, handed_back = (claimed(database, api_key_id=key.id, slot=slot) for slot in (1, 2))
    let_run_out(database, lost)

    lost_leases.reclaim_expired(database, LINKS, max_attempts=3)
    leases.hand_back(database, handed_back)

    assert [job_row(database, lease.job.id).status for lease in (lost, handed_back)] == [
        JobStatus.PENDING
    ] * 2
    assert of_key(database, key.id).taken == {0, 1, 2}
