"""Rate limits per client address, and the headers that tell about them.

Flask-Limiter makes the storage and the strategy. What else it would do for each request, look up which limits
hold and read their texts, is known here beforehand: so a request goes straight to the strategy.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import methodcaller
from typing import Any, cast

import structlog
from flask import Flask, Response, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

from app.config.settings import Settings
from app.core import clock
from app.errors import RateLimited
from app.queue.queues import impatient_redis
from app.web.limits.moving_window import SingleRoundTripStorage

#: What some proxies write for the client (RFC 7239, section 6).
_WITH_PORT = re.compile(r"\[(?P<ipv6>[^\[\]]+)\](?::[0-9]+)?|(?P<ipv4>[0-9.]+):[0-9]+")

#: Asked every few seconds by whoever watches over the service.
PROBE = "/api/health"
#: After it was found gone, Redis is asked again in so many seconds.
REDIS_PAUSE_SECONDS = 1.0
PREFIX = "talkreel"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Limit:
    """So many requests of one address, of those that it applies to."""

    item: RateLimitItem
    scope: str
    applies: Callable[[], bool]


def register(app: Flask, settings: Settings) -> None:
    """Counts every request below /api, but for the probe, before anything else looks at it."""
    # The least first: who may not submit is not counted as one who asks.
    limits = (
        Limit(parse(settings.rate_limit), "api", lambda: is_counted(request.path)),
        Limit(parse(settings.submit_rate_limit), "submissions", _is_submission),
    )
    counter = Counter(settings, sorted(limits, key=lambda limit: limit.item))
    app.before_request(counter.count)
    app.after_request(counter.tell)


class Counter:
    """Counts requests in Redis. With Redis down each process counts for itself until it is back."""

    def __init__(self, settings: Settings, limits: list[Limit]) -> None:
        pool = impatient_redis(settings.redis_url).connection_pool
        limiter = Limiter(
            client_address,
            # Its hooks, which look limits up for each request, are not ours to pay for.
            app=Flask("limits"),
            # Moving window: no double burst at a window's edge.
            strategy="moving-window",
            storage_uri=f"{SingleRoundTripStorage.STORAGE_SCHEME[0]}://",
            # Our own connections: it would make others, by a URL of its own kind.
            storage_options=cast(dict[str, Any], {"connection_pool": pool}),
        )
        self._limits = limits
        self._in_redis: RateLimiter = limiter.limiter
        self._in_memory = MovingWindowRateLimiter(MemoryStorage())
        self._redis_from = 0.0

    def count(self) -> None:
        """Raises RateLimited where a limit is reached, and remembers the one nearest to its end."""
        counted = g.counted_limits = []
        for limit in self._limits:
            if limit.applies():
                counted.append(limit)
                if not self._ask("hit", limit):
                    raise RateLimited

    def tell(self, response: Response) -> Response:
        """The limit nearest to its end (draft-ietf-httpapi-ratelimit-headers-06); the reset is in seconds."""
        counted: list[Limit] = g.get("counted_limits") or []
        if not counted:
            return response
        windows = [(self._ask("get_window_stats", limit), limit.item) for limit in counted]
        window, item = min(windows, key=lambda each: each[0].remaining)
        reset_seconds = max(0, math.ceil(window.reset_time - clock.now_seconds()))
        response.headers.add("RateLimit-Limit", str(item.amount))
        response.headers.add("RateLimit-Remaining", str(window.remaining))
        response.headers.add("RateLimit-Reset", str(reset_seconds))
        if response.status_code == RateLimited.status:
            # A quota knows better when to come back.
            response.headers.setdefault("Retry-After", str(max(1, reset_seconds)))
        return response

    def _ask(self, method: str, limit: Limit) -> Any:
        """What Redis says of the current request's address; this process' own memory while Redis is gone."""
        question = methodcaller(method, limit.item, PREFIX, client_address(), limit.scope)
        if time.monotonic() >= self._redis_from:
            try:
                return question(self._in_redis)
            except RedisError:
                log.warning("rate limits are counted here alone: Redis is down")
                self._redis_from = time.monotonic() + REDIS_PAUSE_SECONDS
        return question(self._in_memory)


def client_address() -> str:
    """Whom a request counts for. An IPv6 host owns a whole /64, so that is what counts.

    All whose address can't be read count as one: a proxy's odd header must not open the gates.
    """
    return _counted_as(request.remote_addr or "")


@lru_cache(maxsize=4096)
def _counted_as(text: str) -> str:
    try:
        address = ipaddress.ip_address(_without_port(text))
    except ValueError:
        return "unreadable"
    if isinstance(address, ipaddress.IPv6Address):
        return str(address.ipv4_mapped or ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _without_port(text: str) -> str:
    found = _WITH_PORT.fullmatch(text)
    return (found["ipv6"] or found["ipv4"]) if found else text


def is_counted(path: str) -> bool:
    """Whether a request to this path counts."""
    return path.startswith("/api/") and path != PROBE


def _is_submission() -> bool:
    return request.method == "POST" and request.path == "/api/jobs"
