"""Orphans: what a crash between two steps left in the store or on this machine, and no row explains."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from app.core import clock, ids
from app.database.database import Database, now_ms
from app.database.models import Job, Segment
from app.domain.states import ACTIVE, JobStatus, SegmentStatus
from app.jobs import queries
from app.jobs.retention import HOUR_MS, incoming_of, work_of
from app.storage.stores import Storage

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Rows that are asked for at once.
LOOKUP_BATCH = 500
#: Younger files may belong to a submission whose row is about to be written.
ORPHAN_SECONDS = 3600
#: Foreign names that have been told of; beyond so many, no more are.
MAX_TOLD = 1_000
_told: set[str] = set()


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
    incoming = _ours("incoming", incoming_of(data_dir).glob("*"), key=lambda path: path.name)
    work = _ours("work", work_of(data_dir).glob("*"), key=lambda path: path.name.partition("-")[0])
    return _remove(path for path in incoming if _changed_seconds(path) < before) + _remove(
        path for path in work if not _is_leased(database, path.name)
    )


def _sweep_stored(
    database: Database,
    storage: Storage,
    goes_on: Callable[[], bool],
    top: str,
    wanted: ColumnElement[bool],
    before: float,
) -> int:
    ours = _ours(top, storage.prefixes(top), key=lambda folder: folder.job_id)
    old = (folder.job_id for folder in ours if folder.modified_seconds < before)
    orphans = 0
    while (batch := set(islice(old, LOOKUP_BATCH))) and goes_on():
        unwanted = batch - _wanted_of(database, batch, wanted)
        queries.discard(storage, *(f"{top}/{job_id}" for job_id in unwanted))
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


def _ours(place: str, found: Iterable[T], key: Callable[[T], str]) -> Iterator[T]:
    """Those whose key is an id of ours. What else lies there is left alone, and told of once."""
    for each in found:
        if ids.is_id(key(each)):
            yield each
        elif len(_told) < MAX_TOLD and (name := f"{place}/{key(each)}") not in _told:
            _told.add(name)
            log.warning("left alone, as it is not ours", name=name)
