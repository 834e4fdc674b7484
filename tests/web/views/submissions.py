"""What the tests of POST /api/jobs send and look for."""

from __future__ import annotations

import io
from typing import Any

from werkzeug.test import TestResponse

from tests.support.world import World

PDF = b"%PDF-1.7\n" + b"%\n" * 4000
HOOK = "https://example.com/hook"


def file(content: bytes, name: str = "a.bin", declared: str = "application/octet-stream") -> Any:
    return io.BytesIO(content), name, declared


def refused(answer: TestResponse, status: int, code: str, **extras: object) -> bool:
    """Whether it is this refusal."""
    body = dict(answer.json or {})
    return (answer.status_code, body) == (status, {"error": body["error"], "code": code, **extras})


def is_untouched(world: World) -> bool:
    """Whether no file, no row and no queue entry is there."""
    return not world.left_files() and not world.count("jobs") and not world.services.job_queue.waiting()
