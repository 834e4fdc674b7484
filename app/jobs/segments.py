"""A long talk's segments: laid out by the worker that holds the job (its leader), drawn by it and by helpers.

Every move is one conditional UPDATE, fenced by a token: the leader's is that of its lease on the job, a
helper's came with the message that called it. A segment that a helper lost is the leader's from then on, so
that one nobody can draw takes one helper with it at most; after that it costs the job its attempts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Update, and_, delete, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.database.database import Database, now_ms
from app.database.models import Job, Segment
from app.domain.states import JobStatus, SegmentStatus
from app.keys import usage
from app.keys.usage import NO_EFFORT, CpuTime


@dataclass(frozen=True)
class LeaderLease:
    """The leader's hold on its job: the token is that of its lease."""

    job_id: str
    token: str


@dataclass(frozen=True)
class SegmentLease:
    """Somebody's hold on a segment, or what a queue message offers one under."""

    job_id: str
    number: int
    token: str

    @classmethod
    def of(cls, segment: Segment) -> SegmentLease:
        """The hold of the one who draws it, or has drawn it."""
        return cls(segment.job_id, segment.number, segment.lease_token or "")


def files_of(job_id: str) -> str:
    """Storage prefix of what a job's leader and helpers share."""
    return f"segments/{job_id}"


def prop_key(job_id: str, digest: str, name: str) -> str:
    """Where a file is stored that it takes to draw the segments of this digest."""
    return f"{files_of(job_id)}/{digest}/{name}"


def drawn_key(digest: str, hold: SegmentLease) -> str:
    """Where who holds a segment stores it: none overwrites another's."""
    return f"{files_of(hold.job_id)}/{digest}/{hold.number}-{hold.token}.mp4"


def lay_out(
    database: Database, lead: LeaderLease, digest: str, spans: Sequence[tuple[int, int]]
) -> Sequence[Segment]:
    """The segments of these frames, all waiting, or as far as an earlier leader got with the same ones.

    None at all when the lease is lost.
    """
    new = [_waiting(lead.job_id, number, digest, span) for number, span in enumerate(spans)]
    with database.writing() as session:
        if session.exec(select(Job.id).where(_leads(lead)).with_for_update()).first() is None:
            return []
        old = session.exec(_all_of(lead.job_id)).all()
        if [_identity(segment) for segment in old] == [_identity(segment) for segment in new]:
            return old
        forget(session, lead.job_id)
        session.add_all(new)
    return new


def claim(database: Database, offer: SegmentLease, *, lease_seconds: float) -> Segment | None:
    """Takes a waiting segment for a helper; None when another was faster, or the job isn't rendered now."""
    rendered = exists().where(col(Job.id) == offer.job_id, col(Job.status) == JobStatus.PROCESSING)
    taken = _at(offer.job_id, offer.number).where(col(Segment.status) == SegmentStatus.WAITING, rendered)
    values = {"lease_token": offer.token, "lease_until_ms": now_ms() + round(lease_seconds * 1000)}
    with database.writing() as session:
        return _hit(session, taken.values(status=SegmentStatus.HELD, **values))


def beat(database: Database, hold: SegmentLease, *, lease_seconds: float) -> bool:
    """Prolongs a helper's lease; False when it is lost, or the job has ended."""
    with database.writing() as session:
        prolonged = _held(hold).values(lease_until_ms=now_ms() + round(lease_seconds * 1000))
        return _hit(session, prolonged) is not None


def hand_back(database: Database, hold: SegmentLease, effort: CpuTime = NO_EFFORT) -> bool:
    """Lets another helper have it: this one was told to stop."""
    return _let_go(database, hold, SegmentStatus.WAITING, effort)


def lose(database: Database, hold: SegmentLease, effort: CpuTime = NO_EFFORT) -> bool:
    """Leaves it to the leader: the helper failed, or is known to be dead. False when it held nothing."""
    return _let_go(database, hold, SegmentStatus.KEPT, effort)


def keep(database: Database, lead: LeaderLease, besides: Collection[int] = ()) -> Segment | None:
    """Takes for the leader the first segment that no helper is busy with, of those not in `besides`.

    None when there is none at the moment, or the lease is lost.
    """
    free = aliased(Segment)
    first = (
        select(free.number)
        .where(free.job_id == lead.job_id, col(free.number).not_in(besides), _is_free(free))
        .order_by(col(free.number))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    kept = update(Segment).where(
        col(Segment.job_id) == lead.job_id, col(Segment.number) == first, exists().where(_leads(lead))
    )
    values = {"lease_token": lead.token, "lease_until_ms": None}
    with database.writing() as session:
        return _hit(session, kept.values(status=SegmentStatus.KEPT, **values))


def finish(database: Database, hold: SegmentLease, effort: CpuTime = NO_EFFORT) -> bool:
    """Says that it is drawn and stored; False when another has it by now, or the job has ended.

    A leader's effort is told with its job's end.
    """
    drawn = _at(hold.job_id, hold.number).where(
        col(Segment.lease_token) == hold.token,
        col(Segment.status).in_([SegmentStatus.HELD, SegmentStatus.KEPT]),
    )
    with database.writing() as session:
        return _move(session, drawn.values(status=SegmentStatus.DRAWN, lease_until_ms=None), effort)


def drawn(database: Database, job_id: str) -> Sequence[Segment]:
    """Those that are stored."""
    with database.reading() as session:
        return session.exec(_all_of(job_id).where(Segment.status == SegmentStatus.DRAWN)).all()


def begin_anew(database: Database, lead: LeaderLease) -> None:
    """Forgets what is drawn: it may be what is wrong with the video."""
    with database.writing() as session:
        session.exec(delete(Segment).where(col(Segment.job_id) == lead.job_id, exists().where(_leads(lead))))


def forget(session: Session, job_id: str) -> None:
    """Removes a job's segments. Commits with the caller; their files go after that."""
    session.exec(delete(Segment).where(col(Segment.job_id) == job_id))


def _waiting(job_id: str, number: int, digest: str, span: tuple[int, int]) -> Segment:
    start, end = span
    return Segment(
        job_id=job_id,
        number=number,
        digest=digest,
        start_frame=start,
        end_frame=end,
        status=SegmentStatus.WAITING,
    )


def _identity(segment: Segment) -> tuple[str, int, int]:
    return segment.digest, segment.start_frame, segment.end_frame


def _all_of(job_id: str) -> SelectOfScalar[Segment]:
    return select(Segment).where(Segment.job_id == job_id).order_by(col(Segment.number))


def _leads(lead: LeaderLease) -> ColumnElement[bool]:
    return and_(
        col(Job.id) == lead.job_id,
        col(Job.lease_token) == lead.token,
        col(Job.status) == JobStatus.PROCESSING,
    )


def _is_free(segment: Any) -> ColumnElement[bool]:
    """Whether no helper is busy with it."""
    return or_(
        segment.status.in_([SegmentStatus.WAITING, SegmentStatus.KEPT]),
        and_(segment.status == SegmentStatus.HELD, segment.lease_until_ms < now_ms()),
    )


def _at(job_id: str, number: int) -> Update:
    return update(Segment).where(col(Segment.job_id) == job_id, col(Segment.number) == number)


def _held(hold: SegmentLease) -> Update:
    return _at(hold.job_id, hold.number).where(
        col(Segment.lease_token) == hold.token, col(Segment.status) == SegmentStatus.HELD
    )


def _let_go(database: Database, hold: SegmentLease, status: SegmentStatus, effort: CpuTime) -> bool:
    freed = _held(hold).values(status=status, lease_token=None, lease_until_ms=None)
    with database.writing() as session:
        return _move(session, freed, effort)


def _move(session: Session, statement: Update, effort: CpuTime) -> bool:
    segment = _hit(session, statement)
    if segment is None:
        return False
    usage.worked(session, segment.job_id, effort)
    return True


def _hit(session: Session, statement: Update) -> Segment | None:
    return session.exec(statement.returning(Segment)).scalars().first()
