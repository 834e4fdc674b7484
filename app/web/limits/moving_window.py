"""Moving windows in Redis, asked for in one round trip: may this request pass, and what is left after it?

`limits` asks twice, once to count a request and once for the headers.
"""

from __future__ import annotations

import threading
import time
from typing import Any, cast

from flask import g
from limits.storage import RedisStorage
from redis.exceptions import NoScriptError

#: What the two scripts of `limits` do one after another, with the same list of times, newest first.
_HIT = """
local now, limit, expiry, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local since = now - expiry

local blocking = redis.call('LINDEX', KEYS[1], limit - amount)
local passes = amount <= limit and not (blocking and tonumber(blocking) >= since)
if passes then
    for _ = 1, amount do redis.call('LPUSH', KEYS[1], ARGV[1]) end
    redis.call('LTRIM', KEYS[1], 0, limit - 1)
    redis.call('EXPIRE', KEYS[1], expiry)
end

local low, high, oldest = 0, redis.call('LLEN', KEYS[1]) - 1, false
while low <= high do
    local middle = math.floor((low + high) / 2)
    local moment = redis.call('LINDEX', KEYS[1], middle)
    if tonumber(moment) >= since then
        low, oldest = middle + 1, moment
    else
        high = middle - 1
    end
end
return {passes and 1 or 0, low, oldest or ARGV[1]}
"""


class SingleRoundTripStorage(RedisStorage):
    """Counts a request, and keeps what the count came to for the headers of its answer."""

    STORAGE_SCHEME = ["talkreel"]  # noqa: RUF012 - how `limits` finds the class

    def initialize_storage(self, _uri: str) -> None:
        super().initialize_storage(_uri)
        client: Any = self.get_connection()
        self._hit_sha, self._pool = client.register_script(_HIT).sha, client.connection_pool
        self._own = threading.local()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether `amount` more fit into the last `expiry` seconds. Raises RedisError."""
        passes, entries, oldest = self._run(self.prefixed_key(key), time.time(), limit, expiry, amount)
        _kept()[key] = float(oldest), entries
        return bool(passes)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the window began, and how many entries it has: as this request left it."""
        return _kept().get(key) or super().get_moving_window(key, limit, expiry)

    def _run(self, *arguments: Any) -> Any:
        """EVALSHA on this thread's own connection: around it, a pool and redis-py's commands take far longer.

        One that was lost is opened anew by the next command, which comes at once
        (`app.web.limits.rate_limit`).
        """
        connection = self._connection()
        try:
            connection.send_command("EVALSHA", self._hit_sha, 1, *arguments)
            return connection.read_response()
        except NoScriptError:
            connection.send_command("EVAL", _HIT, 1, *arguments)
            return connection.read_response()

    def _connection(self) -> Any:
        if not hasattr(self._own, "connection"):
            self._own.connection = self._pool.make_connection()
        return self._own.connection


def _kept() -> dict[str, tuple[float, int]]:
    return cast(dict[str, tuple[float, int]], g.setdefault("rate_windows", {}))
