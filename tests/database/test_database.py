"""What a transaction may count on, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from sqlmodel import col, select, update

from app.database.database import Database
from app.database.models import Job
from tests.support.rows import add_job, change, job_row
from tests.support.servers import Postgres
from tests.support.service import wait_until

WRITERS = 4
TURNS = 25


def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    job_id = add_job(database)

    def take_turns(_number: int) -> None:
        for _ in range(TURNS):
            with database.writing() as session:
                session.exec(select(Job)).one()
                session.exec(update(Job).where(col(Job.id) == job_id).values(progress=Job.progress + 1))

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(take_turns, range(WRITERS)))

    assert job_row(database, job_id).progress == WRITERS * TURNS


def test_a_transaction_that_breaks_leaves_nothing(database: Database) -> None:
    job_id = add_job(database)

    with pytest.raises(ZeroDivisionError):
        _break_off(database, job_id)

    assert job_row(database, job_id).progress == 0
    change(database, job_id, progress=1)


def _break_off(database: Database, job_id: str) -> None:
    with database.writing() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(progress=50))
        raise ZeroDivisionError


def test_a_reader_is_not_held_up_by_a_writer(database: Database) -> None:
    job_id = add_job(database)

    with database.writing() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(progress=50))
        assert job_row(database, job_id).progress == 0

    assert job_row(database, job_id).progress == 50


def test_a_connection_that_the_server_ended_meanwhile_is_replaced(postgres_server: Postgres) -> None:
    url = postgres_server.fresh_database()
    with closing(Database(url)) as database:
        database.check()
        _end_all_others(url.replace("+psycopg", ""))

        database.check()


def _end_all_others(url: str) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SELECT pg_terminate_backend(pid) {others}".encode())
        wait_until(lambda: not connection.execute(f"SELECT pid {others}".encode()).fetchall())
