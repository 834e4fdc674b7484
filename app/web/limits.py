"""Rate limits per client address, and the headers that tell about them."""

from __future__ import annotations

import ipaddress
import math
import re
from contextlib import suppress
from functools import lru_cache
from operator import attrgetter
from typing import Any

import structlog
from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, ExemptionScope, Limiter, RateLimitExceeded, RequestLimit
from flask_limiter._limits import RuntimeLimit
from flask_limiter._manager import LimitManager
from redis.exceptions import RedisError

from app import clock
from app.errors import RateLimited
from app.queues import impatient_redis
from app.settings import Settings
from app.web.windows import OneTripStorage

#: What some proxies write for the client (RFC 7239, section 6).
_WITH_PORT = re.compile(r"\[(?P<ipv6>[^\[\]]+)\](?::[0-9]+)?|(?P<ipv4>[0-9.]+):[0-9]+")

#: Asked every few seconds by whoever watches over the service.
PROBE = "/api/health"

log = structlog.get_logger(__name__)


def register(app: Flask, settings: Settings) -> None:
    """Counts every request below /api, but for the probe, before anything else looks at it.

    With Redis down each process counts for itself until it is back.
    """
    limiter = _FixedLimiter(
        client_address,
        application_limits=[
            ApplicationLimit(settings.rate_limit, scope="api", exempt_when=_is_elsewhere),
            ApplicationLimit(settings.submit_rate_limit, scope="submissions", exempt_when=_is_no_submission),
        ],
        # Moving window: no double burst at a window's edge.
        strategy="moving-window",
        storage_uri=f"{OneTripStorage.STORAGE_SCHEME[0]}://",
        storage_options=_storage_options(settings.redis_url),
        in_memory_fallback_enabled=True,
        # The first that finds Redis gone falls back; those who ask at the same time pass uncounted.
        swallow_errors=True,
        key_prefix="talkreel",
        # An address that leads nowhere counts too.
        request_identifier=lambda: request.endpoint or "nowhere",
        # Its own headers give the reset as a date, and Retry-After on every answer.
        headers_enabled=False,
    )
    # It would look at every answer, too, for what we don't use.
    app.extensions["limiter"] = {limiter}
    limiter.init_app(app)
    app.extensions["talkreel-limiter"] = limiter
    app.before_request(limiter.count)
    app.after_request(lambda response: _tell(limiter, response))


class _FixedLimiter(Limiter):
    """The same limits for every request. flask-limiter would look them up and read their texts for each."""

    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        self.limit_manager = _FixedLimits(self.limit_manager)
        self._fixed = sorted(self.limit_manager.fixed, key=attrgetter("limit"))

    def count(self) -> None:
        """Raises RateLimitExceeded.

        Where Redis doesn't answer flask-limiter asks once more, and knows what to do without it.
        """
        if not self._storage_dead:
            with suppress(RedisError):
                self._count()
                return
        self._check_request_limit()

    def _count(self) -> None:
        counted = self.context.view_rate_limits
        for limit in self._fixed:
            if limit.is_exempt:
                continue
            whose = [self._key_prefix, limit.key_func(), str(limit.scope)]
            passes = self.limiter.hit(limit.limit, *whose)
            counted.append(RequestLimit(self, limit.limit, whose, not passes, limit.shared))
            if not passes:
                raise RateLimitExceeded(limit)


class _FixedLimits(LimitManager):
    def __init__(self, known: LimitManager) -> None:
        super().__init__(
            application_limits=[],
            default_limits=[],
            decorated_limits={},
            blueprint_limits={},
            route_exemptions={},
            blueprint_exemptions={},
        )
        self.fixed = known.application_limits

    def resolve_limits(self, *_request: Any, **_more: Any) -> tuple[list[RuntimeLimit], ...]:
        # As limits of a view: those of an application are looked up in a set of all that were seen.
        return [], self.fixed

    def exemption_scope(self, *_request: Any) -> ExemptionScope:
        return ExemptionScope.NONE


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


def _is_elsewhere() -> bool:
    return not is_counted(request.path)


def _is_no_submission() -> bool:
    return not (request.method == "POST" and request.path == "/api/jobs")


def _storage_options(redis_url: str) -> dict[str, Any]:
    """Our own connections: flask-limiter would make others, by a URL of its own kind."""
    return {"connection_pool": impatient_redis(redis_url).connection_pool}


def _tell(limiter: Limiter, response: Response) -> Response:
    try:
        _write_headers(limiter, response)
    except RedisError:
        log.warning("rate limit headers left out: Redis is down")
    return response


def _write_headers(limiter: Limiter, response: Response) -> None:
    """The limit nearest to its end (draft-ietf-httpapi-ratelimit-headers-06); the reset is in seconds."""
    limits = limiter.current_limits
    if not limits:
        return
    limit = min(limits, key=attrgetter("remaining"))
    reset_seconds = max(0, math.ceil(limit.window.reset_time - clock.now_seconds()))
    response.headers.add("RateLimit-Limit", str(limit.limit.amount))
    response.headers.add("RateLimit-Remaining", str(limit.remaining))
    response.headers.add("RateLimit-Reset", str(reset_seconds))
    if response.status_code == RateLimited.status:
        # A quota knows better when to come back.
        response.headers.setdefault("Retry-After", str(max(1, reset_seconds)))
