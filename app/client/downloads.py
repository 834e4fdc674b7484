"""A video into a file: whole or not at all, and from where it broke off if the line does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO

import httpx

from app.client.backoff import Backoff
from app.client.errors import NotTalkreel, TalkreelError, Unreachable
from app.client.http import TRY_AGAIN, Wire, retry_after_seconds
from app.core import atomic_file

_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/([0-9]+)")


def download(wire: Wire, url: str, path: Path) -> None:
    """Puts what is at `url` where `path` is, in place of what is there.

    Raises:
        Refused, Unreachable, NotTalkreel: nothing has changed at `path`. OSError: it can't be written.
    """
    with atomic_file.written(path) as part, part.open("wb") as file:
        _Download(wire, url, file).run()


class _Download:
    """Goes on until all bytes are there, as long as some come."""

    def __init__(self, wire: Wire, url: str, file: IO[bytes]) -> None:
        self._wire = wire
        self._url = url
        self._file = file
        self._etag = ""
        self._total_bytes: int | None = None
        self._furthest_bytes = 0
        self._patience = Backoff(wire.timeout_seconds)

    def run(self) -> None:
        while True:
            failure, pause_seconds = self._try()
            if failure is None:
                return
            self._patience.pause(failure, pause_seconds)

    def _try(self) -> tuple[TalkreelError | None, float | None]:
        """What went wrong for now, and when to try again; None if all is there."""
        try:
            with self._wire.stream(self._url, headers=self._headers()) as answer:
                if answer.status_code in TRY_AGAIN:
                    answer.read()
                    return self._wire.refusal(answer), retry_after_seconds(answer)
                self._take(answer)
        except httpx.RequestError as error:
            return Unreachable(self._wire.url, error), None
        if self._total_bytes not in {None, self._file.tell()}:
            return Unreachable(self._wire.url, "the video was cut off"), None
        return None, None

    def _headers(self) -> dict[str, str]:
        """If-Range (RFC 9110, section 13.1.5) brings the whole anew if it isn't the same any more."""
        headers = {"Accept-Encoding": "identity"}
        if self._file.tell() and self._etag:
            headers |= {"Range": f"bytes={self._file.tell()}-", "If-Range": self._etag}
        return headers

    def _take(self, answer: httpx.Response) -> None:
        self._begin(answer)
        for chunk in answer.iter_raw():
            self._file.write(chunk)
            self._go_on()

    def _go_on(self) -> None:
        """Whatever was never there before is worth more patience."""
        if self._file.tell() > self._furthest_bytes:
            self._furthest_bytes = self._file.tell()
            self._patience = Backoff(self._wire.timeout_seconds)

    def _begin(self, answer: httpx.Response) -> None:
        """Puts the file where the answer's first byte belongs."""
        if answer.status_code == httpx.codes.PARTIAL_CONTENT:
            found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            start, total_bytes = (int(found[1]), int(found[2])) if found else (-1, -1)
            if start != self._file.tell() or total_bytes != self._total_bytes:
                raise NotTalkreel(self._wire.url, answer.status_code)
            return
        if not answer.is_success:
            answer.read()
        self._wire.checked(answer)
        self._file.seek(0)
        self._file.truncate()
        self._etag = answer.headers.get("ETag", "")
        length = answer.headers.get("Content-Length")
        self._total_bytes = int(length) if length else None
