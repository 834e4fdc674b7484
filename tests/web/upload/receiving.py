"""Calls receive() without a server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import ApiError, InvalidWebhookUrl
from app.web.upload.fingerprints import Fingerprint
from app.web.upload.form import ByteStream, Submission, receive
from tests.web.upload.bodies import CONTENT_TYPE

MAX_FILE_BYTES = 100_000


class Pieces:
    """A stream that brings its content in the given pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.read_bytes = 0

    def read(self, size: int, /) -> bytes:
        piece = next(self._pieces, b"")
        self.read_bytes += len(piece)
        return piece


class NeverRead:
    def read(self, size: int, /) -> bytes:
        raise AssertionError("the body was read")


def check_webhook_url(url: str) -> str:
    if not url.startswith("https://"):
        raise InvalidWebhookUrl
    return url


def received(
    body: bytes | ByteStream,
    folder: Path,
    *,
    content_type: str | None = CONTENT_TYPE,
    content_length: int | None = None,
) -> tuple[Submission, bytes, bytes]:
    """The submission and its two files' content."""
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    with receive(stream, content_type, content_length, folder, MAX_FILE_BYTES, check_webhook_url) as it:
        return it, it.files["image"].path.read_bytes(), it.files["audio"].path.read_bytes()


def fingerprint_of(body: bytes | ByteStream, folder: Path, content_type: str = CONTENT_TYPE) -> str:
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    taken = Fingerprint()
    with receive(stream, content_type, None, folder, MAX_FILE_BYTES, check_webhook_url, taken):
        return taken.hexdigest()


def refusal(body: bytes | ByteStream, folder: Path, **others: str | int | None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        received(body, folder, **others)  # type: ignore[arg-type]
    return caught.value
