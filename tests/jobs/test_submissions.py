"""A submission whose COMMIT gets lost on the way to the database, or whose answer does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlmodel import select

from app.core import ids
from app.database import migrations
from app.database.database import Database
from app.database.models import Job
from app.domain.options import RenderOptions
from app.domain.states import Motion
from app.errors import ActiveJobExists, CommitUnknown
from app.errors.keys import QuotaExceeded
from app.jobs import leases, submissions
from app.jobs.idempotency import Claim
from app.jobs.submissions import Accepted, NewJob
from app.keys import usage
from app.media.media_types import MediaType
from app.queue.queues import JobQueue
from app.storage.stores import Storage
from tests.support.cut_line import Cut, CutLine, cut_line
from tests.support.rows import LINKS, OUTCOME, add_job, add_key, change_key, claimed, job_row
from tests.support.servers import Postgres
from tests.support.service import wait_until


@pytest.fixture
def direct(postgres_server: Postgres) -> Iterator[Database]:
    """The database by another way than the line."""
    database = Database(postgres_server.fresh_database())
    migrations.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def line(direct: Database) -> Iterator[CutLine]:
    with cut_line(Path(str(direct.engine.url.query["host"]))) as line:
        yield line


@pytest.fixture
def database(direct: Database, line: CutLine) -> Iterator[Database]:
    """The database at the end of the line."""
    url = make_url(direct.engine.url).set(query={"host": str(line.folder)})
    database = Database(url.render_as_string(hide_password=False))
    yield database
    database.close()


@pytest.fixture
def new(direct: Database, tmp_path: Path) -> NewJob:
    return received(tmp_path, add_key(direct).id)


@pytest.mark.parametrize("cut", [Cut.UNHEARD, Cut.UNANSWERED])
def test_a_lost_commit_is_made_good(
    direct: Database,
    database: Database,
    storage: Storage,
    job_queue: JobQueue,
    line: CutLine,
    new: NewJob,
    cut: Cut,
) -> None:
    line.cut = cut

    submissions.submit(database, storage, job_queue, new)

    assert (rows(direct), uploads(storage)) == ([new.id], [new.id])
    (today,) = usage.by_day(direct, new.api_key_id, days=1)
    assert (today.submitted, today.bytes_in) == (1, new.size_bytes)


def test_with_the_database_gone_the_files_stay_as_the_job_may_be_there(
    direct: Database, database: Database, storage: Storage, job_queue: JobQueue, line: CutLine, new: NewJob
) -> None:
    line.cut = Cut.FOR_GOOD

    with pytest.raises(CommitUnknown):
        submissions.submit(database, storage, job_queue, new)

    assert wait_until(lambda: rows(direct)) == [new.id]
    assert uploads(storage) == [new.id]


def test_a_rival_that_came_in_between_wins_and_nothing_is_left(
    direct: Database, database: Database, storage: Storage, job_queue: JobQueue, line: CutLine, new: NewJob
) -> None:
    line.cut = Cut.UNHEARD
    line.meanwhile = lambda: add_job(direct, api_key_id=new.api_key_id)

    with pytest.raises(ActiveJobExists) as refused:
        submissions.submit(database, storage, job_queue, new)

    assert (rows(direct), uploads(storage)) == ([refused.value.extras["jobId"]], [])
    (today,) = usage.by_day(direct, new.api_key_id, days=1)
    assert today.submitted == 0


def test_a_quota_that_was_used_up_while_the_body_came_refuses_and_leaves_nothing(
    direct: Database, storage: Storage, job_queue: JobQueue, new: NewJob
) -> None:
    lease = claimed(direct, api_key_id=new.api_key_id)
    leases.complete(direct, lease, OUTCOME, LINKS)

    with pytest.raises(QuotaExceeded):
        submissions.submit(direct, storage, job_queue, replace(new, monthly_quota_seconds=1))

    assert (rows(direct), uploads(storage)) == ([lease.job.id], [])
    (today,) = usage.by_day(direct, new.api_key_id, days=1)
    assert today.submitted == 0


def test_a_rival_that_came_in_between_under_the_same_key_is_the_first_answer(
    direct: Database,
    database: Database,
    storage: Storage,
    job_queue: JobQueue,
    line: CutLine,
    new: NewJob,
    tmp_path: Path,
) -> None:
    new = replace(new, claim=Claim("once", "print"))
    rival = replace(received(tmp_path / "rival", new.api_key_id), claim=new.claim)
    line.cut = Cut.UNHEARD
    line.meanwhile = lambda: submissions.submit(direct, storage, job_queue, rival)

    accepted = submissions.submit(database, storage, job_queue, new)

    assert accepted == Accepted(rival.id, is_replay=True)
    assert (rows(direct), uploads(storage)) == ([rival.id], [rival.id])
    assert job_queue.waiting() == frozenset({f"{rival.id}-0"})


def test_a_rival_that_came_in_between_leaves_the_next_slot(
    direct: Database, database: Database, storage: Storage, job_queue: JobQueue, line: CutLine, new: NewJob
) -> None:
    change_key(direct, new.api_key_id, max_active_jobs=2)
    line.cut = Cut.UNHEARD
    line.meanwhile = lambda: add_job(direct, api_key_id=new.api_key_id)

    submissions.submit(database, storage, job_queue, new)

    assert job_row(direct, new.id).slot == 1


@pytest.mark.parametrize("cut", [Cut.UNHEARD, Cut.UNANSWERED])
def test_a_lost_commit_is_no_replay(
    direct: Database,
    database: Database,
    storage: Storage,
    job_queue: JobQueue,
    line: CutLine,
    new: NewJob,
    cut: Cut,
) -> None:
    line.cut = cut
    new = replace(new, claim=Claim("once", "print"))

    accepted = submissions.submit(database, storage, job_queue, new)

    assert accepted == Accepted(new.id, is_replay=False)
    assert submissions.submit(direct, storage, job_queue, replace(new, id=ids.new_id())).job_id == new.id


def received(folder: Path, api_key_id: str) -> NewJob:
    """An upload that lies in `folder`."""
    folder.mkdir(exist_ok=True)
    for name in ("image", "audio"):
        (folder / name).write_bytes(b"bytes")
    return NewJob(
        id=ids.new_id(),
        api_key_id=api_key_id,
        image=folder / "image",
        image_type=MediaType.PNG,
        audio=folder / "audio",
        audio_type=MediaType.WAV,
        size_bytes=10,
        options=RenderOptions(motion=Motion.AUTO),
        webhook_url=None,
    )


def rows(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(Job.id)))


def uploads(storage: Storage) -> list[str]:
    return [folder.job_id for folder in storage.prefixes("uploads")]
