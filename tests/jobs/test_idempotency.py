"""Idempotency keys, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from app.database.database import Database, now_ms
from app.errors import IdempotencyKeyReused
from app.jobs import idempotency
from app.jobs.idempotency import Claim
from tests.support.rows import add_key, let_a_day_pass

CLAIM = Claim("once", "print")


@pytest.fixture
def owner(database: Database) -> str:
    return add_key(database).id


def record(database: Database, owner: str, claim: Claim = CLAIM, *, job_id: str = "job") -> None:
    with database.writing() as session:
        idempotency.record(session, owner, claim, job_id, session.exec(select(now_ms())).one())


def test_a_key_leads_to_the_job_that_was_made_under_it(database: Database, owner: str) -> None:
    assert (idempotency.is_known(database, owner, "once"), idempotency.first_job(database, owner, CLAIM)) == (
        False,
        None,
    )

    record(database, owner)

    assert idempotency.is_known(database, owner, "once")
    assert idempotency.first_job(database, owner, CLAIM) == "job"
    assert idempotency.first_job(database, owner, Claim("Once", "print")) is None
    assert idempotency.first_job(database, add_key(database).id, CLAIM) is None


def test_a_key_with_another_fingerprint_is_refused(database: Database, owner: str) -> None:
    record(database, owner)

    with pytest.raises(IdempotencyKeyReused):
        idempotency.first_job(database, owner, Claim("once", "another"))


def test_the_database_takes_a_key_once(database: Database, owner: str) -> None:
    record(database, owner)

    with pytest.raises(IntegrityError):
        record(database, owner, Claim("once", "another"))


def test_a_key_past_its_time_gives_way(database: Database, owner: str) -> None:
    record(database, owner)
    let_a_day_pass(database)
    assert not idempotency.is_known(database, owner, "once")

    record(database, owner, Claim("once", "another"), job_id="new")

    assert idempotency.first_job(database, owner, Claim("once", "another")) == "new"


def test_the_sweeper_frees_the_keys_past_their_time(database: Database, owner: str) -> None:
    record(database, owner, Claim("old", "print"))
    let_a_day_pass(database)
    record(database, owner, Claim("young", "print"))

    assert [idempotency.forget_old(database) for _ in range(2)] == [1, 0]
    assert idempotency.is_known(database, owner, "young")
