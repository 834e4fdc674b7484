"""Talks with an MCP server, by the SDK's own client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import anyio
from mcp import Client

#: Every talk is over by then.
DEADLINE_SECONDS = 60
T = TypeVar("T")


def converse(server: Any, talk: Callable[[Client], Awaitable[T]]) -> T:
    """What the talk comes to. It has a thread of its own: in this one a browser's loop may be running."""

    async def run() -> T:
        with anyio.fail_after(DEADLINE_SECONDS):
            async with Client(server) as client:
                return await talk(client)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(anyio.run, run).result()
