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
from app.jobs.segments import LeaderLease, SegmentLease
from app.queue.queues import SEGMENT_QUEUE, impatient_redis
from tests.support.rows import claimed
from worker.context import WorkerContext
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
def context(settings: Settings) -> Iterator[WorkerContext]:
    with impatient_redis(settings.redis_url) as redis:
        redis.flushdb()
    context = WorkerContext(settings)
    migrations.upgrade(context.database)
    yield context
    context.database.close()


def offered(context: WorkerContext, digest: str) -> SegmentLease:
    """A segment that waits for a helper."""
    lease = claimed(context.database)
    lead = LeaderLease(lease.job.id, lease.token)
    assert segments.lay_out(context.database, lead, digest, [(0, FRAMES)])
    return SegmentLease(lead.job_id, 0, ids.new_id())


def row(context: WorkerContext, hold: SegmentLease) -> Segment:
    with context.database.reading() as session:
        found = session.get(Segment, (hold.job_id, hold.number))
    assert found is not None
    return found


def store_props(context: WorkerContext, hold: SegmentLease, digest: str, folder: Path) -> None:
    """Stores a performance that nobody could draw, and its picture."""
    picture = folder / "picture.png"
    picture.write_bytes(b"not a picture")
    mouth = MouthTrack(*(np.zeros(FRAMES, np.float32) for _ in MouthTrack.__dataclass_fields__))
    head = HeadTrack(*(np.zeros(FRAMES, np.float32) for _ in HeadTrack.__dataclass_fields__))
    performance = Performance(picture, np.zeros((468, 3)), 0.0, mouth, head, np.zeros(FRAMES, np.float32))
    script = film.written(performance, folder)
    for prop in (script.performance, script.picture):
        context.storage.put(prop, segments.prop_key(hold.job_id, digest, prop.name))


def bells(context: WorkerContext) -> int:
    with impatient_redis(context.settings.redis_url) as redis:
        return int(redis.llen(f"rq:queue:{SEGMENT_QUEUE}"))


def test_what_a_helper_can_t_draw_is_the_leader_s(context: WorkerContext) -> None:
    offer = offered(context, "d1")

    help_out(context, offer)

    assert row(context, offer).status is SegmentStatus.KEPT
    assert list(context.scratch.iterdir()) == []


def test_a_helper_with_another_program_leaves_it_to_others_without_a_bell(
    context: WorkerContext, tmp_path: Path
) -> None:
    offer = offered(context, "of-another-program")
    store_props(context, offer, "of-another-program", tmp_path)

    help_out(context, offer)

    assert row(context, offer).status is SegmentStatus.WAITING
    assert (bells(context), list(context.scratch.iterdir())) == (0, [])


def test_a_stale_bell_does_nothing(context: WorkerContext) -> None:
    offer = offered(context, "d1")
    taken = segments.claim(context.database, offer, lease_seconds=15)

    help_out(context, SegmentLease(offer.job_id, 0, ids.new_id()))

    assert row(context, offer) == taken
