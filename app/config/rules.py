"""What the text of a setting may be: a rule returns it, or raises ValueError with the end of a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.config.sentinel_url import check_redis_url, port_of

#: What stands in examples until somebody puts a secret there.
PLACEHOLDERS = frozenset({"change-me", "changeme", "secret", "secret-key", "password"})


def _matching(pattern: str, example: str, parse: Callable[[str], object] = str) -> Callable[[str], str]:
    """Takes what matches, and what is to make use of it can parse."""

    def check(value: str) -> str:
        try:
            is_fine = not value or bool(re.fullmatch(pattern, value))
            _ = value and parse(value)
        except (ValueError, ArgumentError):
            is_fine = False
        if not is_fine:
            raise ValueError(f"must look like {example}")
        return value.rstrip("/")

    return check


rate = _matching(r"[1-9]\d*/(second|minute|hour|day)", "600/minute")
web_address = _matching(r"https?://[^/?#]+[^?#]*", "https://talkreel.example.com", port_of)
known_database = _matching(
    r"(postgresql\+psycopg|sqlite)://.+", "postgresql+psycopg://user:password@host/name", make_url
)
known_redis = _matching(
    r"(rediss?|unix)://.+|rediss?\+sentinel://[^/]+/[^/?]+(/\d+)?(\?.*)?",
    "redis://host:6379/0, rediss://..., unix:///path or redis+sentinel://host:26379,host:26379/service",
    check_redis_url,
)
known_storage = _matching(r"s3://[^/]+(/.*)?", "s3://bucket/prefix")


def no_placeholder(value: SecretStr) -> SecretStr:
    if value.get_secret_value().lower().replace("_", "-") in PLACEHOLDERS:
        raise ValueError("is a placeholder that everybody knows; set one of 32 random characters")
    return value
