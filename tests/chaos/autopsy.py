"""What is left when the storm is over: rows, files, processes, videos and webhooks, each against the others.

Everything that is wrong is a sentence in the ledger.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import av
import httpx
import psutil
from sqlalchemy import text, update
from sqlmodel import col, select

from app.database.models import Delivery, Job
from app.domain.states import DeliveryStatus, JobStatus
from app.jobs import orphans, queries
from tests.chaos.ledger import Ledger, Promise
from tests.chaos.victim import Victim, strangers
from tests.support.receiver import Receiver
from tests.support.service import wait_until

DELIVERY_SECONDS = 60
#: What DATA_DIR may hold.
KNOWN = {"files", "incoming", "work", "metrics", "valkey", "secret_key", "valkey.sock"} | {
    f"talkreel.db{end}" for end in ("", "-shm", "-wal", ".migration-lock")
}
FRAME_SECONDS = 1 / 25


def look_at_videos(promises: Iterable[Promise], ledger: Ledger) -> None:
    """Each that is COMPLETED, and wasn't deleted, is fetched as its owner would, and played to its end."""
    for promise in promises:
        if ledger.look(promise) and promise.status == "COMPLETED" and not promise.is_gone:
            seconds = _played_seconds(httpx.get(promise.end["outputVideo"], timeout=30).content)
            if abs(seconds - promise.end["durationSeconds"]) > FRAME_SECONDS:
                ledger.complain(f"{promise.job_id} plays for {seconds} s: {promise.end}")


def _played_seconds(video: bytes) -> float:
    """0 for what doesn't play."""
    try:
        with av.open(io.BytesIO(video), "r") as opened:
            return len(list(opened.decode(video=0))) * FRAME_SECONDS
    except av.FFmpegError:
        return 0


def look_at_ends(promises: Iterable[Promise], ledger: Ledger, failures_are_explained: bool) -> None:
    """A job fails only for a reason that a fault explains, and is cancelled only if somebody asked for it."""
    for promise in promises:
        if promise.status == "CANCELLED" and not promise.cancel_asked:
            ledger.complain(f"{promise.job_id} was cancelled, and nobody asked for it")
        if promise.status == "FAILED":
            sentence = promise.end["errorMessage"]
            if not (failures_are_explained and "disk space" in sentence):
                ledger.complain(f"{promise.job_id} failed: {sentence}")


def let_a_minute_pass(victim: Victim) -> None:
    """Claims of senders that died run out; what is due later is due now."""
    with victim.database.writing() as session:
        session.exec(update(Delivery).values(claimed_until_ms=0, due_at_ms=0))


def look_at_webhooks(victim: Victim, ledger: Ledger, receiver: Receiver) -> None:
    """One delivery for each job that ended and asked for it; received at least once, under its own id."""
    wait_until(lambda: not _undelivered(victim), seconds=DELIVERY_SECONDS)
    with victim.database.reading() as session:
        deliveries = {each.job_id: each.id for each in session.exec(select(Delivery))}
    received: dict[str, set[str]] = defaultdict(set)
    for request in receiver.requests:
        received[json.loads(request.body)["jobId"]].add(request.headers["webhook-id"])
    for job_id in {*deliveries, *received}:
        if received[job_id] != {deliveries.get(job_id)}:
            ledger.complain(f"{job_id}: webhook {deliveries.get(job_id)}, but received {received[job_id]}")
    for promise in ledger.promises.values():
        has_one = promise.job_id in deliveries
        if promise.was_told and has_one != (promise.has_webhook and promise.status != "CANCELLED"):
            ledger.complain(f"{promise.job_id} has a webhook it didn't want, or none that it wanted")


def _undelivered(victim: Victim) -> bool:
    waiting = select(Delivery.id).where(col(Delivery.status) != DeliveryStatus.DELIVERED)
    with victim.database.reading() as session:
        return session.exec(waiting).first() is not None


def look_at_rows(victim: Victim, ledger: Ledger) -> None:
    """Every row is a job that has ended, and the database is whole."""
    if active := victim.active_jobs():
        ledger.complain(f"still active: {active}")
    if victim.settings.database_url.startswith("sqlite"):
        with victim.database.reading() as session:
            found = session.connection().execute(text("PRAGMA integrity_check")).scalar_one()
        if found != "ok":
            ledger.complain(f"the database is damaged: {found}")


def look_at_files(victim: Victim, ledger: Ledger) -> None:
    """After an hour and the sweeper's next round, each file has its row, and each row its file."""
    _let_an_hour_pass(victim.data_dir)
    while orphans.sweep_orphans(victim.database, victim.storage, victim.data_dir):
        continue
    with victim.database.reading() as session:
        completed = session.exec(select(Job).where(Job.status == JobStatus.COMPLETED)).all()
    expected = {
        f"files/{key_of(job.id, job.generation)}"
        for job in completed
        for key_of in (queries.output_key, queries.poster_key)
    }
    found = set(_files(victim.data_dir))
    for path in sorted(found ^ expected):
        ledger.complain(f"{path}: " + ("no row explains it" if path in found else "it isn't there"))


def _let_an_hour_pass(data_dir: Path) -> None:
    long_ago = time.time() - orphans.ORPHAN_SECONDS - 60
    for path in data_dir.rglob("*"):
        os.utime(path, (long_ago, long_ago))


def _files(data_dir: Path) -> Iterable[str]:
    """What is there of jobs, and what nobody knows."""
    for path in data_dir.rglob("*"):
        top = path.relative_to(data_dir).parts[0]
        is_scratch = top in ("incoming", "work") and path.parent != data_dir
        if is_scratch or top not in KNOWN or (top == "files" and path.is_file()):
            yield str(path.relative_to(data_dir))


def look_for_idle_processes(victim: Victim, ledger: Ledger) -> None:
    """With nothing to do, nothing is at work."""
    try:
        wait_until(lambda: not victim.horses(), seconds=10)
    except AssertionError:
        ledger.complain(f"at work on nothing: {victim.horses()}")


def look_for_orphans(folder: Path, ledger: Ledger) -> None:
    """After the service's end, no process of its lives on."""
    try:
        wait_until(lambda: not strangers(str(folder)), seconds=10)
    except AssertionError:
        for process in strangers(str(folder)):
            ledger.complain(f"lives on: {_described(process)}")
            process.kill()


def _described(process: psutil.Process) -> str:
    with process.oneshot():
        return f"{process.pid} {' '.join(process.cmdline())}, child of {process.ppid()}"
