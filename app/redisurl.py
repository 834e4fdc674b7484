"""What REDIS_URL may say, as a connection: one server, with or without TLS, or whom the Sentinels name.

`redis+sentinel://user:password@host:26379,host:26379/service/0` asks the Sentinels which server is the
master of `service`, again after every lost connection. The user and password are the servers';
`?sentinel_password=...` is the Sentinels' own. `rediss+sentinel://` speaks TLS with all of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL_PORT = 26379
#: One Sentinel that is gone must not keep us from asking the next.
MAX_SENTINEL_SECONDS = 1.0


def connect(url: str, *, socket_timeout: float, socket_connect_timeout: float, **options: Any) -> Redis:
    """A client for `url`; it connects with its first command. Times are in seconds."""
    times = {"socket_timeout": socket_timeout, "socket_connect_timeout": socket_connect_timeout}
    parts = urlsplit(url)
    if "+sentinel" not in parts.scheme:
        return Redis.from_url(url, **times, **options)
    service, _, database = parts.path.strip("/").partition("/")
    credentials = {"username": _word(parts.username), "password": _word(parts.password)}
    sentinel: Any = _sentinel(parts, min(socket_connect_timeout, MAX_SENTINEL_SECONDS))
    master: Redis = sentinel.master_for(
        service, db=int(database or 0), ssl=_is_secure(parts), **credentials, **times, **options
    )
    return master


def _sentinel(parts: SplitResult, seconds: float) -> Sentinel:
    own = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return Sentinel(  # type: ignore[no-untyped-call]
        [_address(each) for each in parts.netloc.rpartition("@")[2].split(",")],
        sentinel_kwargs={
            "username": own.get("sentinel_username"),
            "password": own.get("sentinel_password"),
            "ssl": _is_secure(parts),
            "socket_timeout": seconds,
            "socket_connect_timeout": seconds,
            "retry": Retry(NoBackoff(), 0),
        },
    )


def _address(text: str) -> tuple[str, int]:
    one = urlsplit(f"//{text}")
    return one.hostname or "", one.port or SENTINEL_PORT


def _is_secure(parts: SplitResult) -> bool:
    return parts.scheme.startswith("rediss")


def _word(text: str | None) -> str | None:
    return text and unquote(text)
