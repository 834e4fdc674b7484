"""The queue in RQ. Its messages carry no truth: one that is lost, doubled or stale does no harm."""

from __future__ import annotations

from contextlib import suppress

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

from app.queue import render_workers, sweeper_heartbeat
from app.queue.redis_url import connect
from app.queue.render_workers import WorkerSeen

RENDER_QUEUE = "talkreel-render"
RENDER_TASK = "worker.execution.tasks.render_job"
SEGMENT_QUEUE = "talkreel-segments"
SEGMENT_TASK = "worker.execution.tasks.draw_segment"
DELIVERY_CHANNEL = "talkreel:delivery-bell"

#: A request must not wait for a Redis that is gone: the sweeper queues it later.
REQUEST_TIMEOUT_SECONDS = 0.25
#: A worker in the middle of a render waits out a restart of Redis: 40 tries take about two minutes.
PATIENT_RETRY = Retry(ExponentialWithJitterBackoff(base=0.5, cap=3), 40)


def impatient_redis(url: str) -> Redis:
    """A connection that fails at once when Redis is down."""
    return connect(
        url,
        socket_timeout=REQUEST_TIMEOUT_SECONDS,
        socket_connect_timeout=REQUEST_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


def patient_redis(url: str) -> Redis:
    """A connection that outlives a restart of Redis."""
    return connect(
        url, socket_timeout=5, socket_connect_timeout=5, retry=PATIENT_RETRY, health_check_interval=15
    )


def render_queue(connection: Redis) -> Queue:
    """The queue the workers listen to. JSON, not pickle: who can write to Redis must not run code here."""
    return Queue(RENDER_QUEUE, connection=connection, serializer=JSONSerializer)


def segment_queue(connection: Redis) -> Queue:
    """The queue that workers listen to when no job waits in the render queue."""
    return Queue(SEGMENT_QUEUE, connection=connection, serializer=JSONSerializer)


class JobQueue:
    """Tells sleeping processes that a row wants them. Never raises for a Redis that is down."""

    def __init__(self, redis_url: str) -> None:
        self._redis = impatient_redis(redis_url)
        self._queue = render_queue(self._redis)
        self._segment_queue = segment_queue(self._redis)

    def enqueue(self, job_id: str, generation: int) -> bool:
        """Queues the job for the next free worker; False when Redis can't be told."""
        try:
            self._queue.enqueue_call(
                RENDER_TASK,
                args=(job_id, generation),
                timeout=-1,
                result_ttl=0,
                failure_ttl=60,
                job_id=bell_id(job_id, generation),
                unique=True,
            )
        except DuplicateJobError:
            return True
        except RedisError:
            return False
        return True

    def call_helper(self, job_id: str, number: int, token: str) -> bool:
        """Offers a segment to the next idle worker, under this token; False when Redis can't be told."""
        try:
            self._segment_queue.enqueue_call(
                SEGMENT_TASK, args=(job_id, number, token), timeout=-1, result_ttl=0, failure_ttl=60
            )
        except RedisError:
            return False
        return True

    def waiting(self) -> frozenset[str] | None:
        """Ids of the messages that no worker has taken yet; None when Redis can't be asked."""
        try:
            return frozenset(self._queue.get_job_ids())
        except RedisError:
            return None

    def notify_sender(self) -> None:
        """Wakes the webhook sender, which otherwise looks once a second."""
        try:
            self._redis.lpush(DELIVERY_CHANNEL, 1)
            self._redis.ltrim(DELIVERY_CHANNEL, 0, 0)
        except RedisError:
            return

    def workers(self) -> list[WorkerSeen] | None:
        """The render workers that have given a sign of life; None when Redis can't be asked."""
        try:
            return self.workers_seen()
        except RedisError:
            return None

    def workers_seen(self) -> list[WorkerSeen]:
        """As `workers`.

        Raises:
            RedisError: Redis can't be asked.
        """
        return render_workers.seen(self._redis, self._queue)

    def tell_sweeper_round(self) -> None:
        """The sweeper's sign of life, which nobody hears while Redis is down."""
        with suppress(RedisError):
            sweeper_heartbeat.beat(self._redis)

    def sweeper_age_seconds(self) -> float | None:
        """As `sweeper_heartbeat.age_seconds`."""
        return sweeper_heartbeat.age_seconds(self._redis)

    def check(self) -> None:
        """Raises RedisError when Redis doesn't answer."""
        self._redis.ping()


def bell_id(job_id: str, generation: int) -> str:
    """The RQ job's id: the same message can't wait twice, a job that is queued anew gets a new one."""
    return f"{job_id}-{generation}"


class SenderBell:
    """The webhook sender's end of `JobQueue.notify_sender`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = connect(
            redis_url, socket_timeout=5, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
        )

    def wait(self, timeout_seconds: float) -> bool:
        """Blocks until a delivery is due or the time is over; False at once when Redis is down."""
        try:
            return self._redis.blpop([DELIVERY_CHANNEL], timeout=timeout_seconds) is not None
        except RedisError:
            return False
