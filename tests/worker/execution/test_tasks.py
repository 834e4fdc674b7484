"""The end of an attempt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config.settings import Settings
from app.database import migrations
from app.domain.states import MotionMade
from app.errors import DatabaseUnavailable
from app.jobs import leases, queries
from app.jobs.leases import Outcome
from app.storage.base import StoredFile
from tests.support.rows import claimed
from worker.context import Workshop
from worker.errors import LeaseLost
from worker.execution.tasks import Ending, _end

OUTCOME = Outcome(MotionMade.STILL, (), duration_seconds=1.0, width=32, height=32, video_bytes=7)


@pytest.fixture
def shop(settings: Settings) -> Iterator[Workshop]:
    shop = Workshop(settings)
    migrations.upgrade(shop.database)
    yield shop
    shop.database.close()


def stored(shop: Workshop, job_id: str) -> str:
    """The key of a video that the first attempt has stored, with its poster."""
    for key in (queries.poster_key(job_id, 0), queries.output_key(job_id, 0)):
        path = shop.settings.data_dir / "rendered"
        path.write_bytes(b"a video")
        shop.storage.put(path, key)
    return key


def test_a_write_that_landed_unheard_keeps_its_video(shop: Workshop) -> None:
    lease = claimed(shop.database)
    key = stored(shop, lease.job.id)
    answers_lost = [True]

    def write() -> bool:
        landed = leases.complete(shop.database, lease, OUTCOME, shop.links)
        if answers_lost and answers_lost.pop():
            raise DatabaseUnavailable
        return landed

    _end(shop, lease, Ending(write))

    video: StoredFile = shop.storage.open(key)
    assert video.read() == b"a video"
    video.close()


def test_who_lost_the_lease_takes_the_video_and_its_poster_back(shop: Workshop) -> None:
    lease = claimed(shop.database)
    key = stored(shop, lease.job.id)
    leases.hand_back(shop.database, lease)

    with pytest.raises(LeaseLost):
        _end(shop, lease, Ending(lambda: leases.complete(shop.database, lease, OUTCOME, shop.links)))

    assert not (shop.settings.data_dir / "files" / key).parent.exists()
