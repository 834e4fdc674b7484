"""What a service stands on: the database, Redis, the store, its workers, and one time for all of them."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlmodel import select

from app.config.settings import Settings
from app.database import migrations
from app.database.database import Database, now_ms
from app.errors import ApiError, DatabaseUnavailable
from app.operations.doctor.findings import Concern, Trouble
from app.queue.queues import JobQueue
from app.storage.stores import Storage

P = ParamSpec("P")
T = TypeVar("T")

MAX_SKEW_SECONDS = 1.0
MIN_SECRET_CHARACTERS = 16
MAX_ERROR_CHARACTERS = 300
NOT_STARTED = "There is none yet: the first start of `talkreel up` makes it."
START = "Start `talkreel up`, which runs one."


def database(settings: Settings, opened: Database) -> str:
    """Whether it answers, which one it is, and whether its tables are this version's."""
    _require_file(settings)
    try:
        with opened.reading() as session:
            told = session.connection().execute(text(_version_query(opened))).scalar_one()
        is_current = migrations.is_current(opened)
    except DatabaseUnavailable as error:
        raise Trouble(
            f"it doesn't answer: {error.__cause__}", "See that it runs, and that DATABASE_URL leads to it."
        ) from None
    except migrations.NewerSchema as error:
        raise Trouble(*str(error).split(". ", 1)) from None
    if not is_current:
        raise Concern("its tables are another version's", "The next start brings older ones up to date.")
    return f"{opened.engine.dialect.name} {told}, {make_url(settings.database_url).render_as_string()}"


def _require_file(settings: Settings) -> None:
    url = make_url(settings.database_url)
    if url.drivername == "sqlite" and not Path(url.database or "").exists():
        raise Concern(f"no file {url.database}", NOT_STARTED)


def _version_query(opened: Database) -> str:
    is_sqlite = opened.engine.dialect.name == "sqlite"
    return "SELECT sqlite_version()" if is_sqlite else "SHOW server_version"


def _asking_redis(check: Callable[P, T]) -> Callable[P, T]:
    """Says what to do when Redis isn't there, which for the embedded one is no fault."""

    @wraps(check)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return check(*args, **kwargs)
        except RedisError as error:
            raise _unheard(args[0], error) from None

    return asked


def _unheard(settings: Any, error: RedisError) -> Trouble:
    if settings.embeds_valkey:
        return Concern("not running", START)
    return Trouble(f"it doesn't answer: {error}", "See that it runs, and that REDIS_URL leads to it.")


@_asking_redis
def queue(_settings: Settings, redis: Redis) -> str:
    """Whether it answers, and whether it keeps what it is told."""
    told: Any = redis.info()
    if not told.get("aof_enabled"):
        raise Concern(
            "it forgets the queue when it ends; jobs wait for the sweeper then",
            "Run it with `appendonly yes` and `appendfsync everysec`.",
        )
    if told.get("maxmemory") and told.get("maxmemory_policy") != "noeviction":
        raise Concern(
            f"it may throw queued jobs away: maxmemory-policy {told.get('maxmemory_policy')}",
            "Run it with `maxmemory-policy noeviction`.",
        )
    name, version = told.get("server_name", "redis"), told.get("valkey_version") or told.get("redis_version")
    return f"{name} {version}"


@_asking_redis
def workers(_settings: Settings, job_queue: JobQueue) -> str:
    """Whether anybody would render a job."""
    found = job_queue.workers_seen()
    if not found:
        raise Trouble(
            "no render worker has given a sign of life",
            "Start `talkreel up`, or `python -m worker` on a machine of its own.",
        )
    if paused := [f"{each.name} on {each.host}: {each.paused_by}" for each in found if each.paused_by]:
        raise Concern(
            f"paused, as a part of the machine is ill: {'; '.join(paused)}",
            "Mend that part; they look again by themselves, at least twice a minute.",
        )
    return f"{len(found)} alive"


@_asking_redis
def sweeper(_settings: Settings, job_queue: JobQueue) -> str:
    """Whether one takes back what lost its worker, and sends webhooks."""
    age_seconds = job_queue.sweeper_age_seconds()
    if age_seconds is None:
        raise Trouble(
            "none has finished a round lately",
            "Start `talkreel up`, or the Procfile's `sweeper`; if one runs, its log says what holds it up.",
        )
    return f"a round {age_seconds:.0f} s ago"


def storage(settings: Settings, opened: Storage) -> str:
    """Whether a file can be put there, read, and removed."""
    key, content = f"probes/doctor{secrets.token_hex(8)}", secrets.token_bytes(32)
    try:
        _put(opened, key, content)
        if _read(opened, key) != content:
            raise Trouble("what was put there came back changed", "Look at the store's own log.")
        opened.delete(key)
    except ApiError as error:
        raise Trouble(
            f"{error.code}: {_words_of(error.__cause__)}",
            "See that STORAGE_URL and AWS_* are right, and that we may put, get and delete there.",
        ) from None
    return settings.storage_url or "files in DATA_DIR"


def _words_of(error: BaseException | None) -> str:
    """What a store's client says, and why, without the story of its insides (obstore's "Debug source")."""
    told, _, insides = str(error).partition("\n\nDebug source:")
    first = re.sub(r" in [\d.]+\w+(, after .*?)?\s+- ", ": ", told.strip().partition("\n")[0])
    reasons = re.findall(r'(?:message|error): "([^"]+)"', insides)
    return first[:MAX_ERROR_CHARACTERS] + (f" ({reasons[-1]})" if reasons else "")


def _put(opened: Storage, key: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe"
        path.write_bytes(content)
        opened.put(path, key)


def _read(opened: Storage, key: str) -> bytes | None:
    stored = opened.open(key)
    try:
        return stored.read()
    finally:
        stored.close()


@_asking_redis
def clocks(settings: Settings, opened: Database, redis: Redis) -> str:
    """Whether leases, limits and links go by one time."""
    _require_file(settings)
    with opened.reading() as session:
        of_database = session.exec(select(now_ms())).one() / 1000 - time.time()
    seconds, microseconds = redis.time()
    of_redis = seconds + microseconds / 1e6 - time.time()
    far = {"database": of_database, "Redis": of_redis}
    wrong = [f"{name} by {off:+.1f} s" for name, off in far.items() if abs(off) > MAX_SKEW_SECONDS]
    if wrong:
        raise Concern(f"away from this machine's: {', '.join(wrong)}", "Have all machines run NTP.")
    return "within a second of each other"


def secret_key(settings: Settings) -> str:
    """Whether a link that one machine signs is good on another."""
    secret = settings.secret_key.get_secret_value()
    is_shared = settings.storage_url or not settings.database_url.startswith("sqlite")
    if not secret and is_shared:
        raise Concern(
            "each machine makes its own, and links of one are refused by the others",
            "Set SECRET_KEY, the same everywhere.",
        )
    if secret and len(secret) < MIN_SECRET_CHARACTERS:
        raise Concern("SECRET_KEY is short enough to be guessed", "Set one of 32 random characters.")
    return "set" if secret else "kept in DATA_DIR"
