"""The end of an attempt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config.settings import Settings
from app.database import migrations
from app.domain.states import MotionMade
from app.domain.video_facts import VideoFacts
from app.errors import DatabaseUnavailable
from app.jobs import leases, queries
from app.jobs.leases import Outcome
from app.storage.base import StoredFile
from tests.support.rows import claimed
from worker.context import WorkerContext
from worker.errors import LeaseLost
from worker.execution.tasks import TerminalWrite, _end

OUTCOME = Outcome(VideoFacts(MotionMade.STILL, (), duration_seconds=1.0, width=32, height=32), video_bytes=7)


@pytest.fixture
def context(settings: Settings) -> Iterator[WorkerContext]:
    context = WorkerContext(settings)
    migrations.upgrade(context.database)
    yield context
    context.database.close()


def stored(context: WorkerContext, job_id: str) -> str:
    """The key of a video that the first attempt has stored, with its poster."""
    for key in (queries.poster_key(job_id, 0), queries.output_key(job_id, 0)):
        path = context.settings.data_dir / "rendered"
        path.write_bytes(b"a video")
        context.storage.put(path, key)
    return key


def test_a_write_that_landed_unheard_keeps_its_video(context: WorkerContext) -> None:
    lease = claimed(context.database)
    key = stored(context, lease.job.id)
    answers_lost = [True]

    def write() -> bool:
        landed = leases.complete(context.database, lease, OUTCOME, context.links)
        if answers_lost and answers_lost.pop():
            raise DatabaseUnavailable
        return landed

    _end(context, lease, TerminalWrite(write))

    video: StoredFile = context.storage.open(key)
    assert video.read() == b"a video"
    video.close()


def test_who_lost_the_lease_takes_the_video_and_its_poster_back(context: WorkerContext) -> None:
    lease = claimed(context.database)
    key = stored(context, lease.job.id)
    leases.hand_back(context.database, lease)

    with pytest.raises(LeaseLost):
        _end(
            context,
            lease,
            TerminalWrite(lambda: leases.complete(context.database, lease, OUTCOME, context.links)),
        )

    assert not (context.settings.data_dir / "files" / key).parent.exists()
