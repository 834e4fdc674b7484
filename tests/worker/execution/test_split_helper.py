"""Who helps with a talk and can't: the segment goes on its way, and nothing is left behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.config.settings import Settings
from app.core import ids
from app.database import migrations
from app.database.models import Segment
from app.domain.states import SegmentStatus
from app.jobs import segments
from app.jobs.segments import Hold, Lead
from app.queue.queues import SEGMENT_QUEUE, impatient_redis
from tests.support.rows import claimed
from worker.context import Workshop
from worker.engines.talking import film
from worker.engines.talking.motion.head_track import HeadTrack
from worker.engines.talking.motion.mouth_track import MouthTrack
from worker.engines.talking.performance import Performance
from worker.execution.split_helper import help_out

FRAMES = 50


@pytest.fixture(autouse=True)
def _signal_handlers() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGUSR1)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def shop(settings: Settings) -> Iterator[Workshop]:
    with impatient_redis(settings.redis_url) as redis:
        redis.flushdb()
    shop = Workshop(settings)
    migrations.upgrade(shop.database)
    yield shop
    shop.database.close()


def offered(shop: Workshop, digest: str) -> Hold:
    """A segment that waits for a helper."""
    lease = claimed(shop.database)
    lead = Lead(lease.job.id, lease.token)
    assert segments.lay_out(shop.database, lead, digest, [(0, FRAMES)])
    return Hold(lead.job_id, 0, ids.new_id())


def row(shop: Workshop, hold: Hold) -> Segment:
    with shop.database.reading() as session:
        found = session.get(Segment, (hold.job_id, hold.number))
    assert found is not None
    return found


def store_props(shop: Workshop, hold: Hold, digest: str, folder: Path) -> None:
    """Stores a performance that nobody could draw, and its picture."""
    picture = folder / "picture.png"
    picture.write_bytes(b"not a picture")
    mouth = MouthTrack(*(np.zeros(FRAMES, np.float32) for _ in MouthTrack.__dataclass_fields__))
    head = HeadTrack(*(np.zeros(FRAMES, np.float32) for _ in HeadTrack.__dataclass_fields__))
    performance = Performance(picture, np.zeros((468, 3)), 0.0, mouth, head, np.zeros(FRAMES, np.float32))
    script = film.written(performance, folder)
    for prop in (script.performance, script.picture):
        shop.storage.put(prop, segments.prop_key(hold.job_id, digest, prop.name))


def bells(shop: Workshop) -> int:
    with impatient_redis(shop.settings.redis_url) as redis:
        return int(redis.llen(f"rq:queue:{SEGMENT_QUEUE}"))


def test_what_a_helper_can_t_draw_is_the_leader_s(shop: Workshop) -> None:
    offer = offered(shop, "d1")

    help_out(shop, offer)

    assert row(shop, offer).status is SegmentStatus.KEPT
    assert list(shop.scratch.iterdir()) == []


def test_a_helper_with_another_program_leaves_it_to_others_without_a_bell(
    shop: Workshop, tmp_path: Path
) -> None:
    offer = offered(shop, "of-another-program")
    store_props(shop, offer, "of-another-program", tmp_path)

    help_out(shop, offer)

    assert row(shop, offer).status is SegmentStatus.WAITING
    assert (bells(shop), list(shop.scratch.iterdir())) == (0, [])


def test_a_stale_bell_does_nothing(shop: Workshop) -> None:
    offer = offered(shop, "d1")
    taken = segments.claim(shop.database, offer, lease_seconds=15)

    help_out(shop, Hold(offer.job_id, 0, ids.new_id()))

    assert row(shop, offer) == taken
