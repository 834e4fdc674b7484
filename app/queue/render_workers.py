"""The render workers, by what each last told Redis: RQ's record of them, and a field of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

#: A field of ours in RQ's record of a worker.
_PAUSED_BY = "talkreel_paused_by"


@dataclass(frozen=True)
class WorkerSeen:
    """A worker process. `job_id` is of ours, not of RQ's."""

    name: str
    host: str
    #: Of RQ's, or `paused`: it begins no job while its machine is ill.
    state: str
    job_id: str | None
    heartbeat_ms: int | None
    #: The part of its machine that is ill; None while it isn't paused.
    paused_by: str | None = None


def mark_paused(connection: Redis, worker_key: str, part: str) -> None:
    """Shows a worker as paused by this part of its machine; with an empty `part`, as paused no longer."""
    if part:
        connection.hset(worker_key, _PAUSED_BY, part)
    else:
        connection.hdel(worker_key, _PAUSED_BY)


def seen(connection: Redis, queue: Queue) -> list[WorkerSeen]:
    """All that listen to the queue and are alive, in three round trips, however many they are.

    Raises:
        RedisError: Redis can't be asked.
    """
    keys = sorted(Worker.all_keys(queue=queue))
    records = [(key, record) for key, record in zip(keys, _records(connection, keys), strict=True) if record]
    tasks = _tasks(connection, [record.get("current_job", "") for _, record in records])
    return [_worker(key, record, task) for (key, record), task in zip(records, tasks, strict=True)]


def _records(connection: Redis, keys: list[str]) -> list[dict[str, str]]:
    """Empty where a worker's time has run out meanwhile."""
    with connection.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.hgetall(key)
        found: list[dict[bytes, bytes]] = pipeline.execute()
    return [{name.decode(): value.decode() for name, value in each.items()} for each in found]


def _tasks(connection: Redis, ids: list[str]) -> list[Job | None]:
    """The tasks at hand; None where there is none, or it ended while we asked."""
    known = [each for each in ids if each]
    found = dict(zip(known, Job.fetch_many(known, connection, JSONSerializer), strict=True)) if known else {}
    return [found.get(each) for each in ids]


def _worker(key: str, record: dict[str, str], task: Job | None) -> WorkerSeen:
    paused_by, heartbeat = record.get(_PAUSED_BY), record.get("last_heartbeat")
    return WorkerSeen(
        name=key.removeprefix(Worker.redis_worker_namespace_prefix),
        host=record.get("hostname", ""),
        state="paused" if paused_by else record.get("state", "?"),
        # Whichever task it is, this comes first.
        job_id=str(_argument(task)) if task else None,
        heartbeat_ms=round(datetime.fromisoformat(heartbeat).timestamp() * 1000) if heartbeat else None,
        paused_by=paused_by,
    )


def _argument(task: Job) -> Any:
    return task.args[0]
