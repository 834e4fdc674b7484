"""The leader of a long talk: offers its segments to idle workers, draws what they don't, gathers all of it.

Help is never needed: with the database, the storage or Redis away, the leader draws everything by itself.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.core import ids
from app.database.models import Segment
from app.domain.states import SegmentStatus
from app.errors import ApiError, Unavailable
from app.jobs import queries, segments
from app.jobs.leases import Lease
from app.jobs.segments import LeaderLease, SegmentLease
from worker.context import WorkerContext
from worker.engines.talking.film import MIN_CHUNK_FRAMES, evenly
from worker.progress import between
from worker.scene import Draw, ReportShare, SegmentSpec, Span
from worker.video_format import FRAME_RATE

log = structlog.get_logger(__name__)

#: The shortest talk that is shared out has so many segments: the last ones are not waited for long.
SHARES = 5

#: How often the leader looks for what others have drawn, when there is nothing left to draw.
POLL_SECONDS = 0.5

#: A storage that was away isn't tried again before: it would hold the leader up at every segment.
STORAGE_PAUSE_SECONDS = 300


@dataclass(frozen=True)
class Leader:
    """A `SegmentPool`: the worker that holds the job, with any that are idle."""

    context: WorkerContext
    lease: Lease

    def film(self, script: SegmentSpec, draw: Draw, report: ReportShare) -> list[Path]:
        lead = LeaderLease(self.lease.job.id, self.lease.token)
        return _Filming(self.context, lead, script, draw, report).run()


class _Filming:
    """One talk on its way. `_parts` are the segments that are here, by their number."""

    def __init__(
        self, context: WorkerContext, lead: LeaderLease, script: SegmentSpec, draw: Draw, report: ReportShare
    ) -> None:
        self._context = context
        self._lead = lead
        self._script = script
        self._draw = draw
        self._report = report
        self._spans = spans_of(script.frames, context.settings.split_seconds)
        self._parts: dict[int, Path] = {}
        self._is_shared = False
        self._stores_from = 0.0

    def run(self) -> list[Path]:
        """The parts in their order."""
        self._share_out()
        while missing := [number for number in range(len(self._spans)) if number not in self._parts]:
            number = self._next(missing)
            if number is None:
                time.sleep(POLL_SECONDS)
            else:
                self._make(number)
                self._keep_for_later(number)
            self._gather()
        return [self._parts[number] for number in range(len(self._spans))]

    def _share_out(self) -> None:
        """Stores what it takes to draw, writes down the segments, and calls for help."""
        try:
            for prop in (self._script.performance, self._script.picture):
                self._store(prop, segments.prop_key(self._lead.job_id, self._script.digest, prop.name))
            laid_out = segments.lay_out(self._context.database, self._lead, self._script.digest, self._spans)
        except Unavailable as error:
            log.warning("draws alone", reason=error.code)
            return
        self._is_shared = True
        self._gather()
        self._call_helpers(laid_out)

    def _call_helpers(self, laid_out: Sequence[Segment]) -> None:
        """Helpers begin at the end, the leader at the beginning. With Redis gone, nobody is called."""
        for segment in reversed(laid_out):
            if segment.status is SegmentStatus.WAITING and not self._context.job_queue.call_helper(
                segment.job_id, segment.number, ids.new_id()
            ):
                return

    def _next(self, missing: Sequence[int]) -> int | None:
        """The first segment to be drawn here; None while helpers are busy with all that are missing."""
        if not self._is_shared:
            return missing[0]
        try:
            kept = segments.keep(self._context.database, self._lead, besides=self._parts.keys())
        except Unavailable:
            return missing[0]  # At worst it is drawn twice.
        return kept.number if kept else None

    def _make(self, number: int) -> None:
        start, end = self._spans[number]
        path = self._path_of(number)
        self._draw((start, end), path, between(self._report, self._share(), self._share(end - start)))
        self._parts[number] = path

    def _keep_for_later(self, number: int) -> None:
        """Stores what is drawn, so that the next leader need not draw it anew, should this one be lost."""
        if not self._is_shared or time.monotonic() < self._stores_from:
            return
        hold = SegmentLease(self._lead.job_id, number, self._lead.token)
        key = segments.drawn_key(self._script.digest, hold)
        try:
            self._store(self._parts[number], key)
            if not segments.finish(self._context.database, hold):
                queries.discard(self._context.storage, key)
        except Unavailable as error:
            log.warning("keeps nothing for later", reason=error.code)
            self._stores_from = time.monotonic() + STORAGE_PAUSE_SECONDS

    def _gather(self) -> None:
        """Fetches what helpers have drawn, and what the leader before has."""
        if not self._is_shared:
            return
        with suppress(Unavailable):
            for segment in segments.drawn(self._context.database, self._lead.job_id):
                if segment.number not in self._parts:
                    self._take(segment)

    def _take(self, segment: Segment) -> None:
        path = self._path_of(segment.number)
        try:
            self._context.storage.fetch(segments.drawn_key(segment.digest, SegmentLease.of(segment)), path)
        except ApiError as error:
            log.warning("draws a segment anew", number=segment.number, reason=error.code)
            self._make(segment.number)
        else:
            self._parts[segment.number] = path
            self._report(self._share())

    def _share(self, more_frames: int = 0) -> float:
        """Of all frames, those that are here, and so many more."""
        here = sum(end - start for start, end in (self._spans[number] for number in self._parts))
        return (here + more_frames) / self._script.frames

    def _path_of(self, number: int) -> Path:
        return self._script.performance.with_name(f"segment{number:04}.mp4")

    def _store(self, path: Path, key: str) -> None:
        """Storing takes the file away, and it is needed here."""
        copy = path.with_name(f"{path.name}.copy")
        shutil.copyfile(path, copy)
        self._context.storage.put(copy, key)


def spans_of(frames: int, split_seconds: float) -> list[Span]:
    """Frames from and to, of each segment: as even as can be."""
    longest_frames = max(split_seconds * FRAME_RATE / SHARES, MIN_CHUNK_FRAMES)
    return evenly(frames, math.ceil(frames / longest_frames))
