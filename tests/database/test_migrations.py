"""The schema as the migrations make it, on both databases."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from app.database import migrations, models
from app.database.database import Database
from app.domain.states import JobStatus
from app.jobs import leases
from app.keys import api_keys
from app.webhooks import deliveries
from tests.support.rows import LINKS, OUTCOME, add_job, add_key, change, claimed, due, job_row
from tests.support.servers import Postgres
from tests.support.service import wait_until

WHERE = {
    "uq_jobs_active_slot": models.WHERE_ACTIVE,
    "ix_jobs_active": models.WHERE_ACTIVE,
    "ix_jobs_failed": models.WHERE_FAILED,
    "ix_jobs_retention": models.WHERE_TERMINAL,
    "ix_deliveries_due": models.WHERE_DUE,
    "ix_jobs_page": models.WHERE_PRESENT,
    "ix_jobs_page_by_status": models.WHERE_PRESENT,
    "ix_jobs_deleted": models.WHERE_DELETED,
    "ix_jobs_restorable": models.WHERE_DELETED,
}
OF_THE_FIRST_RELEASE = (
    "INSERT INTO api_keys (id, name, key_sha256, webhook_secret, created_at_ms)"
    " VALUES ('key', 'somebody', 'hash', 'whsec_old', 1)",
    "INSERT INTO deliveries (id, job_id, api_key_id, event, url, host, body, status, tries, due_at_ms,"
    " claimed_until_ms, created_at_ms, updated_at_ms) VALUES ('msg_1', 'job', 'key', 'job.completed',"
    " 'https://hook.test/', 'hook.test', '{}', 'PENDING', 2, 1, 0, 1, 1)",
    "INSERT INTO jobs (id, api_key_id, status, motion_asked, image_type, audio_type, generation, attempts,"
    " retries, phase, progress, notices, created_at_ms, updated_at_ms) VALUES ('job', 'key', 'PENDING',"
    " 'auto', 'image/png', 'audio/wav', 0, 0, 0, 'queued', 0, '[]', 1, 1)",
)
A_TRY = (
    "INSERT INTO tries (delivery_id, number, begun_at_ms, took_ms, status) VALUES ('msg_1', 1, 1, 12, 500)"
)
NULLNESS = re.compile(r"IS (?:NOT )?NULL")
DEFINITIONS = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


@pytest.fixture
def empty(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def definitions(database: Database) -> dict[str, str]:
    """The indexes as the database itself writes them down."""
    with database.engine.connect() as connection:
        rows = connection.execute(text(DEFINITIONS[database.engine.dialect.name]))
        return {row[0]: row[1] for row in rows}


def words_of(condition: str) -> list[str]:
    return re.findall(r"'([A-Z]+)'", condition)


def test_an_empty_database_gets_every_table(empty: Database) -> None:
    migrations.upgrade(empty)

    assert set(inspect(empty.engine).get_table_names()) == {
        "alembic_version",
        "api_keys",
        "deliveries",
        "idempotency_keys",
        "jobs",
        "render_logs",
        "segments",
        "tries",
        "usage",
    }


def test_a_second_upgrade_changes_nothing_and_loses_nothing(empty: Database) -> None:
    migrations.upgrade(empty)
    before, job_id = definitions(empty), add_job(empty)

    migrations.upgrade(empty)

    assert definitions(empty) == before
    change(empty, job_id, progress=1)


def test_processes_that_start_together_upgrade_once(empty: Database) -> None:
    with ThreadPoolExecutor(4) as starters:
        list(starters.map(lambda _: migrations.upgrade(empty), range(4)))

    add_key(empty)


def test_what_the_first_release_wrote_is_there_after_the_upgrade(empty: Database) -> None:
    with empty.engine.connect() as connection:
        command.upgrade(_config_to(connection), "0001")
        for statement in OF_THE_FIRST_RELEASE:
            connection.execute(text(statement))
        connection.commit()

    migrations.upgrade(empty)

    (delivery,) = due(empty)
    assert (delivery.tries, delivery.secrets) == (2, ("whsec_old",))
    assert job_row(empty, "job").slot == 0
    (key,) = api_keys.listing(empty)
    assert (key.max_active_jobs, key.is_admin) == (1, False)
    assert (key.prefix, key.last_used_at_ms, key.monthly_quota_seconds) == (None, None, None)


def test_tries_outlive_the_change_to_a_delivery_for_each_end_and_back(empty: Database) -> None:
    with empty.engine.connect() as connection:
        command.upgrade(_config_to(connection), "0007")
        for statement in (*OF_THE_FIRST_RELEASE, A_TRY):
            connection.execute(text(statement))
        connection.commit()
        for revision in ("0009", "0007", "0009"):
            change_to = command.upgrade if revision == "0009" else command.downgrade
            change_to(_config_to(connection), revision)
            connection.commit()

            assert connection.execute(text("SELECT delivery_id, took_ms FROM tries")).all() == [("msg_1", 12)]
            assert connection.execute(text("SELECT tries, url FROM deliveries")).all() == [
                (2, "https://hook.test/")
            ]
            connection.commit()


def test_a_job_has_one_delivery_for_each_of_its_ends(database: Database) -> None:
    lease = claimed(database)
    leases.complete(database, lease, OUTCOME, LINKS)

    for generation, is_new in ((0, False), (1, True), (1, False)):
        job = lease.job.model_copy(update={"status": JobStatus.FAILED, "generation": generation})
        with nullcontext() if is_new else pytest.raises(IntegrityError), database.writing() as session:
            deliveries.schedule(session, job, LINKS)


def test_a_process_of_the_release_before_may_go_on_submitting(database: Database) -> None:
    with database.engine.connect() as connection:
        for statement in OF_THE_FIRST_RELEASE:
            connection.execute(text(statement))
        connection.commit()

    assert job_row(database, "job").slot == 0


def _config_to(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.attributes["connection"] = connection
    return config


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_the_partial_indexes_have_their_conditions(database: Database) -> None:
    """Autogenerate sees no difference in them."""
    found = definitions(database)

    for name, where in WHERE.items():
        condition = found[name].partition(" WHERE ")[2]
        assert re.match(rf"\(*{where.partition(' ')[0]}\b", condition), found[name]
        assert words_of(condition) == words_of(where)
        assert NULLNESS.findall(condition) == NULLNESS.findall(where)
    assert found.keys() - WHERE.keys() - _of_constraints(found) == {"uq_deliveries_end"}


def _of_constraints(found: dict[str, str]) -> set[str]:
    return {name for name in found if name.endswith(("_pkey", "_key", "_pkc"))}


def test_an_active_job_in_a_slot_is_unique(database: Database) -> None:
    found = definitions(database)

    assert found["uq_jobs_active_slot"].startswith("CREATE UNIQUE INDEX")
    assert "(api_key_id, slot)" in found["uq_jobs_active_slot"]
    assert "uq_jobs_one_active_per_key" not in found


@pytest.mark.parametrize("first", ["PENDING", "PROCESSING"])
@pytest.mark.parametrize("second", ["PENDING", "PROCESSING"])
def test_the_database_refuses_a_second_active_job_in_a_slot(
    database: Database, first: str, second: str
) -> None:
    key = add_key(database)
    add_job(database, api_key_id=key.id, status=JobStatus(first))
    add_job(database, api_key_id=key.id, status=JobStatus(first), slot=1)

    with pytest.raises(IntegrityError):
        add_job(database, api_key_id=key.id, status=JobStatus(second))


def test_the_database_takes_any_number_of_ended_jobs_beside_an_active_one(database: Database) -> None:
    key = add_key(database)

    for status in [*JobStatus, JobStatus.FAILED, JobStatus.COMPLETED, JobStatus.CANCELLED]:
        if status is not JobStatus.PROCESSING:
            add_job(database, api_key_id=key.id, status=status)


def test_the_database_knows_the_five_statuses_alone(database: Database) -> None:
    job_id = add_job(database)

    with pytest.raises(IntegrityError), database.writing() as session:
        session.connection().execute(text(f"UPDATE jobs SET status = 'DONE' WHERE id = '{job_id}'"))


def test_a_job_belongs_to_a_key_that_is_there(database: Database) -> None:
    with pytest.raises(IntegrityError):
        add_job(database, api_key_id="nobody")


def test_a_migration_has_no_time_limits_and_who_waits_for_it_waits(postgres_server: Postgres) -> None:
    url = postgres_server.fresh_database()
    with closing(Database(url)) as database:
        with database.unhurried() as connection:
            limits = [
                connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
            ]
        assert limits == ["0", "0", "0"]

        with closing(psycopg.connect(url.replace("+psycopg", ""), autocommit=True)) as holder:
            holder.execute(f"SELECT pg_advisory_lock({migrations._ADVISORY_LOCK})")
            waiting = threading.Thread(target=migrations.upgrade, args=(database,))
            waiting.start()
            wait_until(lambda: _waits_for_a_lock(holder))
            assert not migrations.is_current(database)
        waiting.join(timeout=30)
        assert migrations.is_current(database)


def test_a_lock_is_given_back_by_a_migration_that_fails(
    postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres_server.fresh_database()
    with closing(Database(url)) as database:
        monkeypatch.setattr(command, "upgrade", _fails)
        with pytest.raises(ZeroDivisionError):
            migrations.upgrade(database)
        monkeypatch.undo()

        migrations.upgrade(database)
        assert migrations.is_current(database)


def _waits_for_a_lock(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return found.fetchone() == (1,)


def _fails(*_arguments: object) -> None:
    raise ZeroDivisionError
