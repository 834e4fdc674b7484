"""Who leads a long talk: what it draws, what it fetches, and that it needs no help."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from app.config.settings import Settings
from app.core import ids
from app.database import migrations
from app.database.database import Database
from app.database.models import Segment
from app.domain.states import SegmentStatus
from app.jobs import segments
from app.jobs.leases import Lease
from app.jobs.segments import LeaderLease, SegmentLease
from app.queue.queues import SEGMENT_QUEUE, impatient_redis
from tests.support.rows import claimed
from worker.context import WorkerContext
from worker.execution.split_leader import Leader, spans_of
from worker.scene import ReportShare, SegmentSpec, Span

#: In segments of 50 frames.
FRAMES, SPLIT_SECONDS = 200, 4
SPANS = [(0, 50), (50, 100), (100, 150), (150, 200)]
NOWHERE = "postgresql+psycopg://nobody@/nothing?host=/nowhere"


class Drawer:
    """Draws by writing down which frames were asked for."""

    def __init__(self) -> None:
        self.drawn: list[Span] = []
        self.shares: list[float] = []

    def draw(self, span: Span, path: Path, report: ReportShare) -> None:
        self.drawn.append(span)
        path.write_text(text_of(span))
        for share in (0.0, 0.5, 1.0):
            report(share)


def text_of(span: Span) -> str:
    return f"frames {span}"


@pytest.fixture
def context(settings: Settings) -> Iterator[WorkerContext]:
    with impatient_redis(settings.redis_url) as redis:
        redis.flushdb()
    context = WorkerContext(settings.model_copy(update={"split_seconds": SPLIT_SECONDS}))
    migrations.upgrade(context.database)
    yield context
    context.database.close()


@pytest.fixture
def lease(context: WorkerContext) -> Lease:
    return claimed(context.database)


@pytest.fixture
def script(tmp_path: Path) -> SegmentSpec:
    folder = tmp_path / "attempt"
    folder.mkdir()
    performance, picture = folder / "performance.npz", folder / "picture.png"
    performance.write_bytes(b"a performance")
    picture.write_bytes(b"a picture")
    return SegmentSpec(performance, picture, FRAMES, "d1")


def film(context: WorkerContext, lease: Lease, script: SegmentSpec, drawer: Drawer) -> list[str]:
    """What the parts hold."""
    parts = Leader(context, lease).film(script, drawer.draw, drawer.shares.append)
    assert drawer.shares == sorted(drawer.shares)
    assert drawer.shares[-1] == 1
    return [part.read_text() for part in parts]


def laid_out(context: WorkerContext, lease: Lease) -> list[Segment]:
    return list(segments.lay_out(context.database, LeaderLease(lease.job.id, lease.token), "d1", SPANS))


def helped(context: WorkerContext, lease: Lease, number: int, *, lease_seconds: float = 15) -> SegmentLease:
    held = segments.claim(
        context.database, SegmentLease(lease.job.id, number, ids.new_id()), lease_seconds=lease_seconds
    )
    assert held is not None
    return SegmentLease.of(held)


def hand_in(context: WorkerContext, hold: SegmentLease, text: str) -> None:
    """As a helper does that has drawn its segment."""
    path = context.settings.data_dir / "drawn.mp4"
    path.write_text(text)
    context.storage.put(path, segments.drawn_key("d1", hold))
    assert segments.finish(context.database, hold)


WHOLE = [text_of(span) for span in SPANS]


def test_without_help_the_leader_draws_everything_from_the_front(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    drawer = Drawer()

    assert film(context, lease, script, drawer) == WHOLE
    assert drawer.drawn == SPANS
    assert len(segments.drawn(context.database, lease.job.id)) == len(SPANS)


def test_every_segment_is_offered_and_what_it_takes_to_draw_is_stored(
    context: WorkerContext, lease: Lease, script: SegmentSpec, tmp_path: Path
) -> None:
    film(context, lease, script, Drawer())

    with impatient_redis(context.settings.redis_url) as redis:
        assert redis.llen(f"rq:queue:{SEGMENT_QUEUE}") == len(SPANS)
    for prop in (script.performance, script.picture):
        fetched = tmp_path / "fetched"
        context.storage.fetch(segments.prop_key(lease.job.id, "d1", prop.name), fetched)
        assert fetched.read_bytes() == prop.read_bytes()


def test_what_others_have_drawn_is_fetched(context: WorkerContext, lease: Lease, script: SegmentSpec) -> None:
    laid_out(context, lease)
    hand_in(context, helped(context, lease, 1), "a helper's")
    drawer = Drawer()

    assert film(context, lease, script, drawer) == [WHOLE[0], "a helper's", *WHOLE[2:]]
    assert drawer.drawn == [SPANS[0], *SPANS[2:]]


def test_what_can_t_be_fetched_is_drawn_after_all(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    laid_out(context, lease)
    assert segments.finish(context.database, helped(context, lease, 2))

    assert film(context, lease, script, Drawer()) == WHOLE


def test_the_leader_waits_for_a_helper_at_work(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    laid_out(context, lease)
    hold = helped(context, lease, 3)
    drawer = Drawer()
    helper = threading.Timer(0.5, hand_in, (context, hold, "a helper's"))
    helper.start()

    assert film(context, lease, script, drawer) == [*WHOLE[:3], "a helper's"]
    helper.join()


def test_a_silent_helper_s_segment_is_drawn_by_the_leader(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    laid_out(context, lease)
    silent = helped(context, lease, 0, lease_seconds=0.2)
    drawer = Drawer()

    assert film(context, lease, script, drawer) == WHOLE
    assert sorted(drawer.drawn) == SPANS
    assert not segments.finish(context.database, silent)


def test_with_the_database_gone_the_leader_draws_alone(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    gone = WorkerContext(context.settings.model_copy(update={"database_url": NOWHERE}))

    assert film(gone, lease, script, Drawer()) == WHOLE


def test_with_the_storage_gone_the_leader_draws_alone(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    (context.settings.data_dir / "files").write_text("not a folder")

    assert film(context, lease, script, Drawer()) == WHOLE
    assert laid_out(context, lease)[0].status is SegmentStatus.WAITING


def test_a_database_that_goes_away_halfway_leaves_the_rest_to_the_leader(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    drawer = Drawer()

    def draw(span: Span, path: Path, report: ReportShare) -> None:
        drawer.draw(span, path, report)
        if span == SPANS[1]:
            context.__dict__["database"] = Database(NOWHERE)

    parts = Leader(context, lease).film(script, draw, drawer.shares.append)

    assert [part.read_text() for part in parts] == WHOLE
    assert drawer.drawn == SPANS


def test_a_storage_that_goes_away_halfway_is_tried_once_and_the_leader_goes_on(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    files = context.settings.data_dir / "files"
    drawer = Drawer()

    def draw(span: Span, path: Path, report: ReportShare) -> None:
        drawer.draw(span, path, report)
        if span == SPANS[1]:
            files.rename(files.with_name("away"))
            files.write_text("not a folder")

    parts = Leader(context, lease).film(script, draw, drawer.shares.append)

    assert [part.read_text() for part in parts] == WHOLE
    assert [segment.number for segment in segments.drawn(context.database, lease.job.id)] == [0]


def test_with_redis_gone_the_leader_draws_alone(
    context: WorkerContext, lease: Lease, script: SegmentSpec
) -> None:
    gone = WorkerContext(context.settings.model_copy(update={"redis_url": "unix:///nowhere/valkey.sock"}))

    assert film(gone, lease, script, Drawer()) == WHOLE
    gone.database.close()


def test_a_next_leader_with_the_same_script_draws_nothing_anew(
    context: WorkerContext, lease: Lease, script: SegmentSpec, tmp_path: Path
) -> None:
    film(context, lease, script, Drawer())
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(script.performance.parent, elsewhere)
    (elsewhere / "segment0000.mp4").unlink()
    again = SegmentSpec(elsewhere / "performance.npz", elsewhere / "picture.png", FRAMES, "d1")
    drawer = Drawer()

    assert film(context, lease, again, drawer) == WHOLE
    assert drawer.drawn == []


@pytest.mark.parametrize("frames", [50, 7_501, 100_000])
@pytest.mark.parametrize("split_seconds", [1, 300])
def test_segments_are_a_fifth_of_the_shortest_shared_talk(frames: int, split_seconds: int) -> None:
    spans = spans_of(frames, split_seconds)

    assert (spans[0][0], spans[-1][1]) == (0, frames)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert max(end - start for start, end in spans) <= max(split_seconds * 5, 50)
