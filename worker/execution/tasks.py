"""The RQ entry points: claim a job, make its video, end it; or help with one. Run in a forked horse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import structlog

from app import logs
from app.config.startup import service_settings
from app.core import failpoints
from app.domain.states import MotionMade, Phase
from app.errors import DatabaseUnavailable
from app.jobs import leases, lost_leases, queries, render_logs, segments
from app.jobs.leases import Lease, Outcome
from app.jobs.segments import LeaderLease, SegmentLease
from app.metrics import counters
from worker.context import WorkerContext
from worker.errors import CheckFailed, HandBack, LeaseLost, MachineFault, RenderFailed
from worker.execution import machine, split_helper
from worker.execution.cpu_usage import CpuMeter
from worker.execution.lease_heartbeat import LeaseHeartbeat
from worker.execution.render import Rendered, render
from worker.execution.split_leader import Leader
from worker.execution.stage_timer import StageTimer
from worker.execution.stages import RenderConfig, Upload
from worker.execution.task_scope import interruptible, persistently, room_needed, scratch_folder
from worker.progress import Expect, Report

log = structlog.get_logger(__name__)

#: How attempts end whose log somebody may want to read.
KEEPS_LOG = frozenset({"failed", "lost"})
#: The terminal write; False when the lease is lost.
Verdict = Callable[[], bool]


@dataclass(frozen=True)
class TerminalWrite:
    """What a render came to, still to be written."""

    write: Verdict
    has_failed: bool = False


@cache
def worker_context() -> WorkerContext:
    """The process's own; made in the worker before it forks."""
    return WorkerContext(service_settings())


def render_job(job_id: str, generation: int) -> None:
    """What a queue message asks for. A stale or doubled one claims nothing and does nothing."""
    context = worker_context()
    try:
        machine.require_room(context)
        lease = _claimed(context, job_id, generation)
    except (MachineFault, DatabaseUnavailable) as error:
        # The row stays pending, and the sweeper queues it again.
        log.warning("not begun", job_id=job_id, reason=str(error))
        counters.note("machine_faults", error.part if isinstance(error, MachineFault) else "database")
        return
    if lease is not None:
        failpoints.reach("after_claim")
        with structlog.contextvars.bound_contextvars(job_id=job_id, attempt=lease.job.attempts):
            _watched(context, lease)


def _claimed(context: WorkerContext, job_id: str, generation: int) -> Lease | None:
    return leases.claim(context.database, job_id, generation, lease_seconds=context.settings.lease_seconds)


def draw_segment(job_id: str, number: int, token: str) -> None:
    """What a leader's message asks for, under a token for whoever comes. A stale one does nothing."""
    split_helper.help_out(worker_context(), SegmentLease(job_id, number, token))


def _watched(context: WorkerContext, lease: Lease) -> None:
    """Counts how the attempt ends; of one that came to nothing the end of its log is kept."""
    with logs.tail() as tail:
        outcome = _attempt(context, lease)
    counters.note("attempts", outcome)
    if outcome in KEEPS_LOG:
        render_logs.keep(context.database, lease.job.id, tail.lines)


def _attempt(context: WorkerContext, lease: Lease) -> str:
    """Returns how it ended, in a word."""
    meter = CpuMeter()
    try:
        with interruptible(), _heart(context, lease) as heartbeat:
            ending = _make(context, lease, heartbeat, meter)
            _end(context, lease, replace(ending, write=partial(heartbeat.last_beat, ending.write)))
            _clear_up(context, lease, ending)
    except HandBack:
        log.info("handed back", done=leases.hand_back(context.database, lease, meter.read()))
        return "handed_back"
    except LeaseLost:
        log.warning("stopped: another worker may have the job")
        return "lease_lost"
    except Exception as error:
        # Ours or the machine's, not the upload's: whatever it was, the job must not hang.
        log.exception("attempt lost")
        return _broken_off(context, lease, meter, machine.fault_behind(error, context))
    return "failed" if ending.has_failed else "completed"


def _broken_off(context: WorkerContext, lease: Lease, meter: CpuMeter, fault: MachineFault | None) -> str:
    """Hands the job back uncounted where the machine is ill; else the attempt counts as a lost worker."""
    if fault is None:
        lost_leases.lose(
            context.database, lease, context.links, meter.read(), max_attempts=context.settings.max_attempts
        )
        return "lost"
    log.warning("machine ill", part=fault.part, detail=fault.detail)
    counters.note("machine_faults", fault.part)
    persistently(partial(lost_leases.defer, context.database, lease, context.links, meter.read()))
    return "machine_fault"


def _heart(context: WorkerContext, lease: Lease) -> LeaseHeartbeat:
    lease_seconds = context.settings.lease_seconds
    return LeaseHeartbeat(
        partial(leases.beat, context.database, lease, lease_seconds=lease_seconds),
        lease_seconds=lease_seconds,
    )


def _make(context: WorkerContext, lease: Lease, heartbeat: LeaseHeartbeat, meter: CpuMeter) -> TerminalWrite:
    """Makes and stores the video, frees the scratch room, and leaves what is to be written about it."""
    watch = StageTimer(heartbeat.report)
    try:
        with room_needed(), scratch_folder(context, lease.job.id, lease.token) as folder:
            rendered = _render(context, lease, folder, watch.report, heartbeat.expect)
            outcome = Outcome(rendered.facts, rendered.path.stat().st_size)
            watch.report(Phase.STORING, 0.99)
            _store(context, lease, rendered)
    except RenderFailed as failure:
        # A broken ffmpeg can't read any file: nobody's upload is blamed before ours is known to work.
        machine.require_well(context)
        log.info("failed", sentence=failure.sentence, detail=failure.detail)
        fail = partial(leases.fail, context.database, lease, failure.sentence, context.links, meter.read())
        return TerminalWrite(fail, has_failed=True)
    except CheckFailed:
        # What another worker drew may be what is wrong.
        segments.begin_anew(context.database, LeaderLease(lease.job.id, lease.token))
        raise
    effort = meter.read()
    _count_stages(context, outcome, watch)
    log.info(
        "rendered", seconds=round(effort.render_seconds, 3), video_seconds=outcome.facts.duration_seconds
    )
    return TerminalWrite(partial(leases.complete, context.database, lease, outcome, context.links, effort))


def _count_stages(context: WorkerContext, outcome: Outcome, watch: StageTimer) -> None:
    is_still = outcome.facts.motion is MotionMade.STILL
    engine = "still" if is_still else context.settings.talking_engine
    for phase, seconds in watch.read().items():
        counters.note("stage_seconds", engine, phase, value=seconds)


def _store(context: WorkerContext, lease: Lease, rendered: Rendered) -> None:
    """The video last: where there is one, there is its poster."""
    video, poster = _output_keys(lease, lease.job.generation)
    context.storage.put(rendered.poster, poster)
    context.storage.put(rendered.path, video)
    failpoints.reach("after_store")
    queries.discard(context.storage, *_earlier_outputs(lease))


def _render(context: WorkerContext, lease: Lease, folder: Path, report: Report, expect: Expect) -> Rendered:
    image, audio = folder / "image", folder / "audio"
    context.storage.fetch(f"{queries.uploads_of(lease.job.id)}/image", image)
    context.storage.fetch(f"{queries.uploads_of(lease.job.id)}/audio", audio)
    upload = Upload(
        image=image,
        image_type=lease.job.image_type,
        audio=audio,
        audio_type=lease.job.audio_type,
        options=queries.options_of(lease.job),
    )
    crew = Leader(context, lease) if context.settings.split_seconds else None
    return render(upload, folder, RenderConfig.of(context.settings, crew), report, expect)


def _end(context: WorkerContext, lease: Lease, ending: TerminalWrite) -> None:
    """The terminal write, tried until it lands or the heart says that the lease is lost."""
    if not (persistently(ending.write) or _has_landed(context, lease)):
        queries.discard(context.storage, *_output_keys(lease, lease.job.generation))
        raise LeaseLost


def _clear_up(context: WorkerContext, lease: Lease, ending: TerminalWrite) -> None:
    """After the end. What a failed job was made of stays for an operator's retry; the sweeper removes it."""
    failpoints.reach("after_end")
    context.job_queue.notify_sender()
    keeps_uploads = ending.has_failed and context.settings.keep_failed_uploads_hours > 0
    uploads = () if keeps_uploads else (queries.uploads_of(lease.job.id),)
    queries.discard(context.storage, *uploads, segments.files_of(lease.job.id), *_earlier_outputs(lease))


def _has_landed(context: WorkerContext, lease: Lease) -> bool:
    """Whether an earlier try was committed and only its answer got lost."""
    completed = queries.completed(context.database, lease.job.id)
    return completed is not None and completed.generation == lease.job.generation


def _output_keys(lease: Lease, generation: int) -> tuple[str, str]:
    """The video and its poster."""
    return queries.output_key(lease.job.id, generation), queries.poster_key(lease.job.id, generation)


def _earlier_outputs(lease: Lease) -> list[str]:
    """What an attempt may have stored that died before it could say so."""
    return [key for generation in range(lease.job.generation) for key in _output_keys(lease, generation)]
