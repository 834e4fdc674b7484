"""A helper: an idle worker that draws one segment of a talk for the worker that holds the job."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import structlog

from app.core import ids
from app.database.models import Segment
from app.jobs import queries, segments
from app.jobs.leases import Beat
from app.jobs.segments import SegmentLease
from worker.context import WorkerContext
from worker.engines.talking import film
from worker.engines.talking.performance import Performance
from worker.errors import HandBack, LeaseLost
from worker.execution.cpu_usage import CpuMeter
from worker.execution.lease_heartbeat import LeaseHeartbeat
from worker.execution.task_scope import interruptible, persistently, scratch_folder

log = structlog.get_logger(__name__)


class OtherProgram(Exception):
    """The leader's program isn't ours: what we draw might not match what it draws."""


def help_out(context: WorkerContext, offer: SegmentLease) -> None:
    """Draws the segment, if it is still to be had."""
    segment = segments.claim(context.database, offer, lease_seconds=context.settings.lease_seconds)
    if segment is not None:
        with structlog.contextvars.bound_contextvars(job_id=offer.job_id, segment=offer.number):
            _attempt(context, segment)


def _attempt(context: WorkerContext, segment: Segment) -> None:
    hold, meter = SegmentLease.of(segment), CpuMeter()
    try:
        with interruptible(), _heart(context, hold):
            _draw(context, segment, hold, meter)
    except HandBack:
        log.info("handed back", done=segments.hand_back(context.database, hold, meter.read()))
        context.job_queue.call_helper(hold.job_id, hold.number, ids.new_id())
    except OtherProgram:
        # Without a message: it would only bring us back.
        log.warning("left to workers of its version", done=segments.hand_back(context.database, hold))
    except LeaseLost:
        log.info("stopped: the job has ended, or its leader draws this")
    except Exception:
        # Whatever it was, the leader draws it; if the fault is the talk's, it shows there.
        log.exception("segment lost")
        segments.lose(context.database, hold, meter.read())


def _heart(context: WorkerContext, hold: SegmentLease) -> LeaseHeartbeat:
    lease_seconds = context.settings.lease_seconds

    def beat(_sign: Beat) -> bool:
        return segments.beat(context.database, hold, lease_seconds=lease_seconds)

    return LeaseHeartbeat(beat, lease_seconds=lease_seconds)


def _draw(context: WorkerContext, segment: Segment, hold: SegmentLease, meter: CpuMeter) -> None:
    with scratch_folder(context, hold.job_id, hold.token) as folder:
        performance, path = _fetched(context, segment, folder), folder / "segment.mp4"
        film.draw(performance, (segment.start_frame, segment.end_frame), path, _tell_nobody)
        key = segments.drawn_key(segment.digest, hold)
        context.storage.put(path, key)
    if persistently(partial(segments.finish, context.database, hold, meter.read())):
        log.info("drawn", frames=segment.end_frame - segment.start_frame)
    else:
        queries.discard(context.storage, key)


def _fetched(context: WorkerContext, segment: Segment, folder: Path) -> Path:
    """The performance, with its picture beside it."""
    performance = folder / "performance.npz"
    context.storage.fetch(segments.prop_key(segment.job_id, segment.digest, performance.name), performance)
    picture = Performance.load(performance).picture_path
    context.storage.fetch(segments.prop_key(segment.job_id, segment.digest, picture.name), picture)
    if film.digest_of(performance, picture) != segment.digest:
        raise OtherProgram
    return performance


def _tell_nobody(_share: float) -> None:
    """Progress is told by the leader, of whole segments."""
