"""What REDIS_URL may say, as a connection: one server, with or without TLS, or whom the Sentinels name.

`redis+sentinel://user:password@host:26379,host:26379/service/0` asks the Sentinels which server is the
master of `service`, again after every lost connection. The user and password are the servers';
`?sentinel_password=...` is the Sentinels' own. `rediss+sentinel://` speaks TLS with all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL_PORT = 26379
#: One Sentinel that is gone must not keep us from asking the next.
MAX_SENTINEL_SECONDS = 1.0

#: `urlsplit` takes several hosts for a port that is wrong, and since Python 3.11.4 a second `[...]` for a fault.
_SENTINELS = re.compile(
    r"(?P<scheme>rediss?)\+sentinel://"
    r"((?P<user>[^:@/]*)(:(?P<password>[^@/]*))?@)?"
    r"(?P<hosts>[^/?]+)/(?P<service>[^/?]+)(/(?P<database>\d+)?)?(\?(?P<query>.*))?"
)
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>\d{1,5}))?")


def connect(url: str, *, socket_timeout: float, socket_connect_timeout: float, **options: Any) -> Redis:
    """A client for `url`; it connects with its first command. Times are in seconds.

    Raises:
        ValueError: the URL can't be read.
    """
    times = {"socket_timeout": socket_timeout, "socket_connect_timeout": socket_connect_timeout}
    if "+sentinel:" not in url:
        return Redis.from_url(url, **times, **options)
    asked = SentinelUrl.of(url)
    master: Redis = asked.sentinel(min(socket_connect_timeout, MAX_SENTINEL_SECONDS)).master_for(
        asked.service,
        db=asked.database,
        ssl=asked.is_secure,
        username=asked.username,
        password=asked.password,
        **times,
        **options,
    )
    return master


@dataclass(frozen=True)
class SentinelUrl:
    """What a `redis+sentinel://` URL says."""

    is_secure: bool
    username: str | None
    password: str | None
    addresses: tuple[tuple[str, int], ...]
    service: str
    database: int
    own: dict[str, str]

    @classmethod
    def of(cls, url: str) -> SentinelUrl:
        """Reads it. Raises ValueError, without the URL, which may hold passwords."""
        found = _SENTINELS.fullmatch(url)
        if not found:
            raise ValueError("not a redis+sentinel:// URL")
        return cls(
            is_secure=found["scheme"] == "rediss",
            username=_word(found["user"]),
            password=_word(found["password"]),
            addresses=tuple(_address(each) for each in found["hosts"].split(",")),
            service=unquote(found["service"]),
            database=int(found["database"] or 0),
            own={name: values[0] for name, values in parse_qs(found["query"] or "").items()},
        )

    def sentinel(self, seconds: float) -> Any:
        """Who asks the Sentinels, each within `seconds`."""
        return Sentinel(  # type: ignore[no-untyped-call]
            self.addresses,
            sentinel_kwargs={
                "username": self.own.get("sentinel_username"),
                "password": self.own.get("sentinel_password"),
                "ssl": self.is_secure,
                "socket_timeout": seconds,
                "socket_connect_timeout": seconds,
                "retry": Retry(NoBackoff(), 0),
            },
        )


def _address(text: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or SENTINEL_PORT) if found else 0
    if not found or not 1 <= port <= 65_535:
        raise ValueError("a Sentinel's address is none")
    return found["ipv6"] or found["name"], port


def _word(text: str | None) -> str | None:
    return unquote(text) if text else None
