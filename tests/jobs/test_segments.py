"""What a long talk's leader and helpers do with its segments, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select, update

from app.core import ids
from app.database.database import Database, now_ms
from app.database.models import Segment
from app.domain.states import JobStatus, SegmentStatus
from app.jobs import leases, lost_leases, orphans, queries, retention, segments
from app.jobs.leases import Lease
from app.jobs.segments import LeaderLease, SegmentLease
from app.storage.stores import Storage
from tests.support.rows import LINKS, OUTCOME, add_job, change, claimed, delivery_rows, job_row

SPANS = [(0, 50), (50, 100), (100, 149)]
DIGEST = "d1"
WAITING, HELD, KEPT, DRAWN = SegmentStatus


def lead_of(lease: Lease) -> LeaderLease:
    return LeaderLease(lease.job.id, lease.token)


@pytest.fixture
def lease(database: Database) -> Lease:
    return claimed(database)


@pytest.fixture
def lead(database: Database, lease: Lease) -> LeaderLease:
    """A leader who has laid out three segments."""
    assert len(segments.lay_out(database, lead_of(lease), DIGEST, SPANS)) == len(SPANS)
    return lead_of(lease)


def rows(database: Database, job_id: str) -> list[Segment]:
    with database.reading() as session:
        found = select(Segment).where(Segment.job_id == job_id).order_by(col(Segment.number))
        return list(session.exec(found))


def statuses(database: Database, job_id: str) -> list[SegmentStatus]:
    return [row.status for row in rows(database, job_id)]


def offer(lead: LeaderLease, number: int = 0) -> SegmentLease:
    """What a bell carries."""
    return SegmentLease(lead.job_id, number, ids.new_id())


def helped(database: Database, lead: LeaderLease, number: int = 0) -> SegmentLease:
    """A segment in the hands of a helper."""
    held = segments.claim(database, offer(lead, number), lease_seconds=15)
    assert held is not None
    return SegmentLease.of(held)


def let_run_out(database: Database, hold: SegmentLease) -> None:
    with database.writing() as session:
        at = update(Segment).where(col(Segment.job_id) == hold.job_id, col(Segment.number) == hold.number)
        session.exec(at.values(lease_until_ms=now_ms() - 1))


def next_leader(database: Database, lease: Lease) -> LeaderLease:
    """Another worker that took the job over."""
    assert lost_leases.lose(database, lease, LINKS, max_attempts=3)
    taken = leases.claim(database, lease.job.id, lease.job.generation + 1, lease_seconds=15)
    assert taken is not None
    return lead_of(taken)


# Laying out


def test_a_talk_is_laid_out_in_waiting_segments(database: Database, lead: LeaderLease) -> None:
    laid_out = rows(database, lead.job_id)

    assert [(row.start_frame, row.end_frame) for row in laid_out] == SPANS
    assert {row.status for row in laid_out} == {WAITING}


def test_the_next_leader_finds_the_same_talk_as_far_as_it_is(
    database: Database, lease: Lease, lead: LeaderLease
) -> None:
    done, busy = helped(database, lead, 0), helped(database, lead, 2)
    assert segments.finish(database, done)

    found = segments.lay_out(database, next_leader(database, lease), DIGEST, SPANS)

    assert [row.status for row in found] == [DRAWN, WAITING, HELD]
    assert (found[0].lease_token, found[2].lease_token) == (done.token, busy.token)


@pytest.mark.parametrize(
    ("digest", "spans"), [("d2", SPANS), (DIGEST, SPANS[:2]), (DIGEST, [(0, 75), (75, 149)])]
)
def test_another_talk_begins_anew(
    database: Database, lead: LeaderLease, digest: str, spans: list[tuple[int, int]]
) -> None:
    busy = helped(database, lead)

    found = segments.lay_out(database, lead, digest, spans)

    assert [row.status for row in found] == [WAITING] * len(spans)
    assert not segments.beat(database, busy, lease_seconds=15)


def test_who_lost_the_job_lays_out_nothing_and_keeps_nothing(
    database: Database, lease: Lease, lead: LeaderLease
) -> None:
    next_leader(database, lease)

    assert segments.lay_out(database, lead, "d2", SPANS) == []
    assert segments.keep(database, lead) is None
    segments.begin_anew(database, lead)
    assert {row.digest for row in rows(database, lead.job_id)} == {DIGEST}
    assert statuses(database, lead.job_id) == [WAITING] * 3


# Helpers


def test_a_waiting_segment_is_claimed_once(database: Database, lead: LeaderLease) -> None:
    first, second = (segments.claim(database, offer(lead), lease_seconds=15) for _ in range(2))

    assert first is not None
    assert second is None
    assert statuses(database, lead.job_id) == [HELD, WAITING, WAITING]


def test_of_many_helpers_and_the_leader_one_gets_each_segment(database: Database, lead: LeaderLease) -> None:
    def help_with(number: int) -> Segment | None:
        return segments.claim(database, offer(lead, number), lease_seconds=15)

    rivals: list[Callable[[], Segment | None]] = [
        *(partial(help_with, number) for number in (2, 1, 0) * 4),
        *[partial(segments.keep, database, lead, besides=())] * 1,
    ]
    with ThreadPoolExecutor(len(rivals)) as pool:
        won = [taken for taken in pool.map(lambda rival: rival(), rivals) if taken]

    assert sorted(segment.number for segment in won) == [0, 1, 2]
    assert [row.lease_token for row in rows(database, lead.job_id)] == [
        segment.lease_token for segment in sorted(won, key=lambda segment: segment.number)
    ]


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.PROCESSING])
def test_nobody_helps_with_a_job_that_isn_t_rendered(
    database: Database, lead: LeaderLease, status: JobStatus
) -> None:
    change(database, lead.job_id, status=status)

    assert segments.claim(database, offer(lead), lease_seconds=15) is None


def test_a_segment_that_isn_t_there_can_t_be_claimed(database: Database, lead: LeaderLease) -> None:
    assert segments.claim(database, offer(lead, 3), lease_seconds=15) is None
    assert segments.claim(database, SegmentLease("nobody", 0, "token"), lease_seconds=15) is None


def test_a_helper_s_beat_prolongs_its_lease(database: Database, lead: LeaderLease) -> None:
    hold = helped(database, lead)
    let_run_out(database, hold)

    assert segments.beat(database, hold, lease_seconds=15)

    assert {kept.number for kept in kept_by(database, lead)} == {1, 2}


def test_a_helper_goes_on_while_the_job_waits_for_its_next_leader(
    database: Database, lease: Lease, lead: LeaderLease
) -> None:
    hold = helped(database, lead)
    lost_leases.lose(database, lease, LINKS, max_attempts=3)

    assert segments.beat(database, hold, lease_seconds=15)
    assert segments.finish(database, hold)


def test_what_is_handed_back_waits_for_another_helper(database: Database, lead: LeaderLease) -> None:
    assert segments.hand_back(database, helped(database, lead))

    assert segments.claim(database, offer(lead), lease_seconds=15) is not None


def test_what_a_helper_lost_is_the_leader_s(database: Database, lead: LeaderLease) -> None:
    assert segments.lose(database, helped(database, lead))

    assert segments.claim(database, offer(lead), lease_seconds=15) is None
    assert [kept.number for kept in kept_by(database, lead)] == [0, 1, 2]


MOVES: dict[str, Callable[[Database, SegmentLease], Any]] = {
    "beat": partial(segments.beat, lease_seconds=15),
    "hand back": segments.hand_back,
    "lose": segments.lose,
    "finish": segments.finish,
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_helper_whose_lease_ran_out_changes_nothing(
    database: Database, lead: LeaderLease, move: Callable[[Database, SegmentLease], Any]
) -> None:
    silent = helped(database, lead)
    let_run_out(database, silent)
    taken = segments.keep(database, lead)
    assert taken is not None

    assert not move(database, silent)

    assert rows(database, lead.job_id)[0] == taken


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("end", ["complete", "fail", "give up"])
def test_a_helper_of_an_ended_job_changes_nothing(
    database: Database,
    lease: Lease,
    lead: LeaderLease,
    end: str,
    move: Callable[[Database, SegmentLease], Any],
) -> None:
    hold = helped(database, lead)
    ends = {
        "complete": lambda: leases.complete(database, lease, OUTCOME, LINKS),
        "fail": lambda: leases.fail(database, lease, "No.", LINKS),
        "give up": lambda: lost_leases.lose(database, lease, LINKS, max_attempts=1),
    }
    assert ends[end]()

    assert not move(database, hold)
    assert rows(database, lead.job_id) == []
    assert job_row(database, lead.job_id).status in (JobStatus.COMPLETED, JobStatus.FAILED)
    assert len(delivery_rows(database)) == 1


# The leader


def kept_by(database: Database, lead: LeaderLease) -> list[Segment]:
    """All that the leader gets, one after the other."""
    kept: list[Segment] = []
    while found := segments.keep(database, lead, besides=[segment.number for segment in kept]):
        kept.append(found)
    return kept


def test_the_leader_keeps_from_the_front_what_no_helper_has(database: Database, lead: LeaderLease) -> None:
    helped(database, lead, 1)

    assert [kept.number for kept in kept_by(database, lead)] == [0, 2]
    assert segments.claim(database, offer(lead, 0), lease_seconds=15) is None
    assert statuses(database, lead.job_id) == [KEPT, HELD, KEPT]


def test_what_is_drawn_is_kept_by_nobody(database: Database, lead: LeaderLease) -> None:
    assert segments.finish(database, helped(database, lead, 2))
    first = segments.keep(database, lead)
    assert first is not None
    assert segments.finish(database, SegmentLease.of(first))

    assert [kept.number for kept in kept_by(database, lead)] == [1]
    assert [segment.number for segment in segments.drawn(database, lead.job_id)] == [0, 2]


def test_an_earlier_leader_s_segment_is_the_next_leader_s(
    database: Database, lease: Lease, lead: LeaderLease
) -> None:
    assert segments.keep(database, lead) is not None
    heir = next_leader(database, lease)

    assert segments.claim(database, offer(heir), lease_seconds=15) is None
    kept = segments.keep(database, heir)
    assert kept is not None
    assert (kept.number, kept.lease_token) == (0, heir.token)
    assert not segments.finish(database, SegmentLease(lead.job_id, 0, lead.token))


def test_who_begins_anew_keeps_nothing_that_is_drawn(database: Database, lead: LeaderLease) -> None:
    segments.finish(database, helped(database, lead))

    segments.begin_anew(database, lead)

    found = segments.lay_out(database, lead, DIGEST, SPANS)
    assert [row.status for row in found] == [WAITING] * 3


# Cleaning up


def store(storage: Storage, folder: Path, job_id: str) -> None:
    path = folder / "drawn"
    path.write_bytes(b"a segment")
    storage.put(path, segments.drawn_key(DIGEST, SegmentLease(job_id, 0, "token")))


def stored(storage: Storage) -> set[str]:
    return {folder.job_id for folder in storage.prefixes("segments")}


def test_a_job_that_is_cancelled_while_it_waits_for_its_next_leader_leaves_nothing(
    database: Database, storage: Storage, lease: Lease, lead: LeaderLease, tmp_path: Path
) -> None:
    store(storage, tmp_path, lead.job_id)
    lost_leases.lose(database, lease, LINKS, max_attempts=3)

    queries.cancel(database, storage, lead.job_id, owner=lease.job.api_key_id)

    assert (rows(database, lead.job_id), stored(storage)) == ([], set())


def test_segments_of_a_job_that_isn_t_active_are_orphans_at_once(
    database: Database, storage: Storage, data_dir: Path, tmp_path: Path
) -> None:
    waiting, rendered = add_job(database), claimed(database).job.id
    given_up = add_job(database, status=JobStatus.FAILED)
    for job_id in (waiting, rendered, given_up):
        store(storage, tmp_path, job_id)

    assert orphans.sweep_orphans(database, storage, data_dir) == 1
    assert stored(storage) == {waiting, rendered}


def test_a_helper_s_folder_goes_once_it_is_no_longer_at_work(
    database: Database, storage: Storage, data_dir: Path, lead: LeaderLease
) -> None:
    busy, lost = helped(database, lead, 0), helped(database, lead, 1)
    segments.lose(database, lost)
    folders = [retention.work_of(data_dir) / f"{hold.job_id}-{hold.token}" for hold in (busy, lost)]
    for folder in folders:
        folder.mkdir(parents=True)

    assert orphans.sweep_orphans(database, storage, data_dir) == 1
    assert [folder.exists() for folder in folders] == [True, False]
