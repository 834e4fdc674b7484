"""The sweeper's sign of life: when one last finished a round. Redis keeps it, and tells its age."""

from __future__ import annotations

from typing import Any, cast

from redis import Redis

#: A round takes a second. Whoever has not finished one for so long is dead, or held up.
LIFETIME_SECONDS = 20
_KEY = "talkreel:sweeper-round"


def beat(connection: Redis) -> None:
    """Tells that a round is finished. Raises RedisError."""
    connection.set(_KEY, 1, ex=LIFETIME_SECONDS)


def age_seconds(connection: Redis) -> float | None:
    """How long ago the last round was finished; None if not within LIFETIME_SECONDS. Raises RedisError."""
    left_ms = cast(Any, connection.pttl(_KEY))
    return LIFETIME_SECONDS - left_ms / 1000 if left_ms > 0 else None
