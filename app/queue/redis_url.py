"""What REDIS_URL may say, as a connection: one server, with or without TLS, or whom the Sentinels name.

`redis+sentinel://user:password@host:26379,host:26379/service/0` asks the Sentinels which server is the
master of `service`, again after every lost connection. The user and password are the servers';
`?sentinel_password=...` is the Sentinels' own. `rediss+sentinel://` speaks TLS with all of them.
"""

from __future__ import annotations

from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from app.config.sentinel_url import SentinelUrl, is_sentinel

#: One Sentinel that is gone must not keep us from asking the next.
MAX_SENTINEL_SECONDS = 1.0


def connect(url: str, *, socket_timeout: float, socket_connect_timeout: float, **options: Any) -> Redis:
    """A client for `url`; it connects with its first command. Times are in seconds.

    Raises:
        ValueError: the URL can't be read.
    """
    times = {"socket_timeout": socket_timeout, "socket_connect_timeout": socket_connect_timeout}
    if not is_sentinel(url):
        return Redis.from_url(url, **times, **options)
    asked = SentinelUrl.of(url)
    master: Redis = _sentinel(asked, min(socket_connect_timeout, MAX_SENTINEL_SECONDS)).master_for(
        asked.service,
        db=asked.database,
        ssl=asked.is_secure,
        username=asked.username,
        password=asked.password,
        **times,
        **options,
    )
    return master


def _sentinel(url: SentinelUrl, seconds: float) -> Any:
    """Who asks the Sentinels, each within `seconds`."""
    return Sentinel(  # type: ignore[no-untyped-call]
        url.addresses,
        sentinel_kwargs={
            "username": url.own.get("sentinel_username"),
            "password": url.own.get("sentinel_password"),
            "ssl": url.is_secure,
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "retry": Retry(NoBackoff(), 0),
        },
    )
