"""The sweeper's verbs: what keeps the service from losing jobs, and from filling up.

Any number of sweepers may run at once.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, or_, update
from sqlmodel import col, select

from app import clock, jobs, leases
from app.database import Database, now_ms
from app.models import Delivery, Job, Segment
from app.queues import Doorbell, bell_id
from app.states import ACTIVE, TERMINAL, DeliveryStatus, JobStatus, SegmentStatus
from app.storage import Storage

#: A bell that no worker answered by then is looked for in the queue.
BELL_GRACE_SECONDS = 5
BATCH = 100
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
#: Rows that are asked for at once.
LOOKUP_BATCH = 500
#: Younger files may belong to a submission whose row is about to be written.
ORPHAN_SECONDS = 3600


def incoming_of(data_dir: Path) -> Path:
    """Where uploads are on their way in; each has a folder, gone within the upload's deadline."""
    return data_dir / "incoming"


def work_of(data_dir: Path) -> Path:
    """Where attempts and helpers are at work; each has a folder named `<job id>-<lease token>`."""
    return data_dir / "work"


def ring_unheard(database: Database, doorbell: Doorbell) -> int:
    """Rings for pending jobs that Redis hasn't heard of, or forgot. Returns how many."""
    _call_anew_the_forgotten(database, doorbell)
    unheard = select(Job.id, Job.generation).where(
        Job.status == JobStatus.PENDING, col(Job.rung_at_ms).is_(None), leases.is_due()
    )
    with database.reading() as session:
        found = session.exec(unheard.limit(BATCH)).all()
    return sum(_ring(database, doorbell, job_id, generation) for job_id, generation in found)


def _ring(database: Database, doorbell: Doorbell, job_id: str, generation: int) -> bool:
    rung = doorbell.ring(job_id, generation)
    if rung:
        jobs.mark_rung(database, job_id, generation)
    return rung


def _call_anew_the_forgotten(database: Database, doorbell: Doorbell) -> None:
    """A new generation for each pending job whose bell is no longer in the queue."""
    late = select(Job.id, Job.generation).where(
        Job.status == JobStatus.PENDING, col(Job.rung_at_ms) < now_ms() - BELL_GRACE_SECONDS * 1000
    )
    with database.reading() as session:
        found = session.exec(late.limit(BATCH)).all()
    waiting = doorbell.waiting() if found else None
    if waiting is None:
        return
    for job_id, generation in found:
        if bell_id(job_id, generation) not in waiting:
            _new_generation(database, job_id, generation)


def _new_generation(database: Database, job_id: str, generation: int) -> None:
    with database.writing() as session:
        session.exec(
            update(Job)
            .where(
                col(Job.id) == job_id, col(Job.generation) == generation, col(Job.status) == JobStatus.PENDING
            )
            .values(generation=generation + 1, rung_at_ms=None)
        )


def expire(database: Database, storage: Storage, *, retention_days: int) -> int:
    """Removes up to BATCH jobs that ended `retention_days` ago: rows first, then files. Returns how many."""
    if retention_days == 0:
        return 0
    before_ms = now_ms() - retention_days * DAY_MS
    ended = select(Job.id).where(col(Job.status).in_(sorted(TERMINAL)), col(Job.updated_at_ms) < before_ms)
    told = select(Delivery.id).where(
        col(Delivery.status) != DeliveryStatus.PENDING, col(Delivery.updated_at_ms) < before_ms
    )
    with database.writing() as session:
        found = session.exec(ended.limit(BATCH)).all()
        session.exec(delete(Job).where(col(Job.id).in_(found)))
        session.exec(delete(Delivery).where(col(Delivery.id).in_(told.limit(BATCH))))
    for job_id in found:
        jobs.discard(storage, jobs.uploads_of(job_id), jobs.outputs_of(job_id))
    return len(found)


def sweep_orphans(
    database: Database,
    storage: Storage,
    data_dir: Path,
    goes_on: Callable[[], bool] = lambda: True,
    *,
    keep_failed_uploads_hours: int = 0,
) -> int:
    """Removes what a crash between two steps left behind and no row explains. Returns how many folders.

    It looks at all that is stored, which may be much: between two batches it asks whether it `goes_on`.
    Uploads of a FAILED job stay so long for an operator's retry.
    """
    before = clock.now_seconds() - ORPHAN_SECONDS
    # Their job's row is older than they are: they needn't be given time.
    any_age = math.inf
    sweep = partial(_sweep_stored, database, storage, goes_on)
    return (
        sweep("uploads", _may_be_rendered(keep_failed_uploads_hours), before)
        + sweep("outputs", _has_status(ACTIVE | {JobStatus.COMPLETED}), before)
        + sweep("segments", _has_status(ACTIVE), any_age)
        + sweep_scratch(database, data_dir)
    )


def sweep_scratch(database: Database, data_dir: Path) -> int:
    """Removes what a crash left on this machine, where there may be no sweeper. Returns how many folders."""
    before = clock.now_seconds() - ORPHAN_SECONDS
    return _remove(
        path for path in incoming_of(data_dir).glob("*") if _changed_seconds(path) < before
    ) + _remove(path for path in work_of(data_dir).glob("*") if not _is_leased(database, path.name))


def _sweep_stored(
    database: Database,
    storage: Storage,
    goes_on: Callable[[], bool],
    top: str,
    wanted: ColumnElement[bool],
    before: float,
) -> int:
    old = (folder.job_id for folder in storage.prefixes(top) if folder.modified_seconds < before)
    orphans = 0
    while (batch := set(islice(old, LOOKUP_BATCH))) and goes_on():
        unwanted = batch - _wanted_of(database, batch, wanted)
        jobs.discard(storage, *(f"{top}/{job_id}" for job_id in unwanted))
        orphans += len(unwanted)
    return orphans


def _wanted_of(database: Database, job_ids: set[str], wanted: ColumnElement[bool]) -> set[str]:
    with database.reading() as session:
        return set(session.exec(select(Job.id).where(col(Job.id).in_(job_ids), wanted)).all())


def _has_status(statuses: frozenset[JobStatus]) -> ColumnElement[bool]:
    return col(Job.status).in_(sorted(statuses))


def _may_be_rendered(keep_failed_uploads_hours: int) -> ColumnElement[bool]:
    """Whether a job is active, or failed so lately that an operator may have it tried again."""
    since_ms = now_ms() - keep_failed_uploads_hours * HOUR_MS
    has_failed = and_(col(Job.status) == JobStatus.FAILED, col(Job.updated_at_ms) > since_ms)
    return or_(_has_status(ACTIVE), has_failed)


def _changed_seconds(path: Path) -> float:
    """Unix time of its last change; of what is gone by now, the far future."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _is_leased(database: Database, folder_name: str) -> bool:
    job_id, _, token = folder_name.partition("-")
    of_job = select(Job.id).where(Job.id == job_id, Job.lease_token == token)
    of_segment = select(Segment.job_id).where(
        Segment.job_id == job_id, Segment.lease_token == token, Segment.status == SegmentStatus.HELD
    )
    with database.reading() as session:
        return any(session.exec(leased).first() for leased in (of_job, of_segment))


def _remove(folders: Iterable[Path]) -> int:
    left = list(folders)
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)
