"""Marks: one word for how far a job has come."""

from __future__ import annotations

from app.database.database import Database
from app.domain.states import Phase
from app.jobs import leases, versions
from app.jobs.leases import Beat
from app.keys import api_keys
from tests.support.rows import LINKS, OUTCOME, add_job, claimed, job_row


def mark_of(database: Database, job_id: str) -> str:
    return versions.seen(database, [job_id])[job_id].mark


def test_every_move_brings_another_mark(database: Database) -> None:
    job_id = add_job(database)
    found = [mark_of(database, job_id)]
    lease = leases.claim(database, job_id, 0, lease_seconds=15)
    assert lease
    found.append(mark_of(database, job_id))
    leases.beat(database, lease, Beat(Phase.VIDEO, 42, 7), lease_seconds=15)
    found.append(mark_of(database, job_id))
    leases.hand_back(database, lease)
    found.append(mark_of(database, job_id))
    again = leases.claim(database, job_id, 1, lease_seconds=15)
    assert again
    found.append(mark_of(database, job_id))
    leases.complete(database, again, OUTCOME, LINKS)
    found.append(mark_of(database, job_id))

    assert len(set(found)) == len(found)
    assert found == sorted(found, key=lambda mark: [int(number) for number in mark.split("-")])


def test_a_look_from_afar_and_a_row_have_the_same_mark(database: Database) -> None:
    lease = claimed(database)

    assert mark_of(database, lease.job.id) == versions.of(job_row(database, lease.job.id))


def test_many_are_seen_and_read_at_once_and_who_is_gone_is_left_out(database: Database) -> None:
    here = {add_job(database) for _ in range(3)}

    assert versions.seen(database, [*here, "gone"]).keys() == here
    assert versions.jobs(database, [*here, "gone"]).keys() == here


def test_a_revoked_key_is_seen(database: Database) -> None:
    job_id = add_job(database)
    assert not versions.seen(database, [job_id])[job_id].is_revoked

    api_keys.revoke(database, job_row(database, job_id).api_key_id)

    assert versions.seen(database, [job_id])[job_id].is_revoked
