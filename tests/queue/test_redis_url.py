"""What REDIS_URL may say."""

from __future__ import annotations

from typing import Any

import pytest
from redis import SSLConnection, UnixDomainSocketConnection
from redis.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from app.config.settings import Settings, SettingsError
from app.queue.redis_url import connect


def pool_of(url: str) -> Any:
    return connect(url, socket_timeout=5, socket_connect_timeout=5).connection_pool


def test_a_secure_url_means_tls() -> None:
    assert pool_of("rediss://host/1").connection_class is SSLConnection


def test_a_socket_is_a_socket() -> None:
    assert pool_of("unix:///run/valkey.sock").connection_class is UnixDomainSocketConnection


def test_sentinels_are_asked_for_the_service_with_passwords_of_their_own() -> None:
    pool = pool_of("redis+sentinel://me:p%40ss@one,two:5000,[::1]:6000/main/3?sentinel_password=watch")

    assert isinstance(pool, SentinelConnectionPool)
    assert pool.service_name == "main"
    known = {name: pool.connection_kwargs[name] for name in ("db", "username", "password")}
    assert known == {"db": 3, "username": "me", "password": "p@ss"}
    asked = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in asked] == [("one", 26379), ("two", 5000), ("::1", 6000)]
    assert {(each["password"], each["socket_timeout"]) for each in asked} == {("watch", 1.0)}


def test_secure_sentinels_lead_to_a_secure_server() -> None:
    pool = pool_of("rediss+sentinel://one/main")

    assert pool.connection_class is SentinelManagedSSLConnection
    (asked,) = (each.connection_pool for each in pool.sentinel_manager.sentinels)
    assert asked.connection_class is SSLConnection


def test_sentinels_may_all_be_in_brackets_and_their_service_have_no_database() -> None:
    pool = pool_of("redis+sentinel://:p@[::1]:5000,127.0.0.1/main")

    asked = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in asked] == [("::1", 5000), ("127.0.0.1", 26379)]
    known = {name: pool.connection_kwargs[name] for name in ("db", "username", "password")}
    assert known == {"db": 0, "username": None, "password": "p"}


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "redis://:hidden@host:port/0",
        "redis://:hidden@[::1/0",
        "redis+sentinel://me:hidden@host?sentinel_password=hidden",
        "redis+sentinel://me:hidden@host:99999/main",
        "redis+sentinel://me:hidden@[::1,host/main",
        "redis+sentinel://me:hidden@host,/main",
    ],
)
def test_another_url_stops_the_start_and_shows_no_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    with pytest.raises(SettingsError, match="redis\\+sentinel://host") as caught:
        Settings.load()

    assert "hidden" not in str(caught.value)
