"""What `redis+sentinel://user:password@host:26379,host:26379/service/0` says.

The user and password are the servers'; `?sentinel_password=...` is the Sentinels' own. `rediss+sentinel://`
speaks TLS with all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

SENTINEL_PORT = 26379
#: `urlsplit` won't do: newer ones refuse brackets that don't hold the whole host.
_SENTINELS = re.compile(
    r"(?P<scheme>rediss?)\+sentinel://"
    r"((?P<user>[^:/?]*)(:(?P<password>[^/?]*))?@)?"
    r"(?P<hosts>[^/?]+)/(?P<service>[^/?]+)(/(?P<database>\d+)?)?(\?(?P<query>.*))?"
)
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<name>[^:\[\]]+))(?::(?P<port>\d{1,5}))?")


def check_redis_url(url: str) -> None:
    """Raises ValueError, without the URL, where no connection could be made of it."""
    if is_sentinel(url):
        SentinelUrl.of(url)
    else:
        port_of(url)


def port_of(url: str) -> int | None:
    """The port that a URL of one host names, if any. Raises ValueError where it can't be read."""
    return urlsplit(url).port


def is_sentinel(url: str) -> bool:
    """Whether it names Sentinels, and not a server."""
    return "+sentinel:" in url


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


def _address(text: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or SENTINEL_PORT) if found else 0
    if not found or not 1 <= port <= 65_535:
        raise ValueError("a Sentinel's address is none")
    return found["ipv6"] or found["name"], port


def _word(text: str | None) -> str | None:
    return unquote(text) if text else None
