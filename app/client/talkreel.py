"""A service, as its users see it."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from app.client import downloads
from app.client.errors import JobCancelled, JobFailed, Refused, TalkreelError
from app.client.http import Wire, path_of
from app.client.results import Created, Deletion, Done, ListedJob, Page, Status
from app.client.watch import Watch
from app.client.webhooks import verify_webhook
from app.domain.options import form_texts
from app.domain.states import JobStatus

URL_VARIABLE = "TALKREEL_URL"
KEY_VARIABLE = "TALKREEL_API_KEY"
DEFAULT_URL = "http://127.0.0.1:8000"
TIMEOUT_SECONDS = 60.0
PAGE = 100

#: A file by its path, or what is in it.
Source = str | os.PathLike[str] | bytes | IO[bytes]


class Talkreel:
    """A service at `url`, used with `key`: by default those of TALKREEL_URL and TALKREEL_API_KEY.

    No call waits longer than `timeout_seconds` for a service that is silent; what fails for a reason that may
    pass (429 and 503, and for a few seconds no connection) is tried again within that time. Every call raises
    a TalkreelError, or what is said at it. One that is no longer used should be closed; `with` does that.
    """

    verify_webhook = staticmethod(verify_webhook)

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        key = key or os.environ.get(KEY_VARIABLE)
        if not key:
            raise TalkreelError(f"An API key is needed: give one, or set {KEY_VARIABLE}.")
        address = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
        self._wire = Wire(address, key, timeout_seconds=timeout_seconds, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def submit(
        self,
        image: Source,
        audio: Source,
        *,
        webhook_url: str | None = None,
        idempotency_key: str | None = None,
        **options: object,
    ) -> str:
        """Sends the two files; returns the new job's id. Raises OSError for one that can't be read.

        `options` are those of the API, such as `motion="still"` and `loudness=-16`; None is as if left out.

        However often it has to be sent, there is one job: `idempotency_key` (made up, if none is given) tells
        the service so.
        """
        texts = form_texts({**options, "webhook_url": webhook_url})
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        with ExitStack() as opened:
            files = {name: _opened(opened, source) for name, source in (("image", image), ("audio", audio))}
            answer = self._wire.call("POST", "/api/jobs", data=texts, files=files, headers=headers)
        return self._wire.read(answer, Created).job_id

    def status(self, job_id: str) -> Status:
        return self._wire.read(self._wire.call("GET", path_of("status", job_id)), Status)

    def wait(
        self,
        job_id: str,
        on_progress: Callable[[Status], None] | None = None,
        timeout_seconds: float | None = None,
    ) -> Status:
        """The status object of the job once it is COMPLETED. `on_progress` is given each one until then.

        Raises:
            JobFailed, JobCancelled: there will be no video. TookTooLong: not within `timeout_seconds`.
        """
        with closing(Watch(self._wire, job_id, timeout_seconds).looks()) as looks:
            for status in looks:
                if on_progress:
                    on_progress(status)
                if status.has_ended:
                    return _completed(status)
        raise AssertionError("a watch has no end but a job's")

    def jobs(self, status: JobStatus | str | None = None, *, deleted: bool = False) -> Iterator[ListedJob]:
        """All jobs of the key, newest first; or those with one of the five status words.

        With `deleted`, those instead that are deleted and can be restored.
        """
        wishes = {"status": status and str(status), "deleted": "true" if deleted else None}
        params = {"limit": str(PAGE), **{name: wish for name, wish in wishes.items() if wish}}
        while True:
            page = self._wire.read(self._wire.call("GET", "/api/jobs", params=params), Page)
            yield from page.jobs
            if page.pagination.next_cursor is None:
                return
            params["cursor"] = page.pagination.next_cursor

    def cancel(self, job_id: str) -> None:
        """Withdraws a job that is PENDING. One that is CANCELLED stays so.

        Raises:
            Refused: with the code `not_cancellable` for a job that is not pending any more.
        """
        try:
            self._wire.call("POST", path_of("jobs", job_id, "cancel"))
        except Refused as refusal:
            # The answer to an earlier try may have got lost.
            if refusal.code != "not_cancellable" or self.status(job_id).status is not JobStatus.CANCELLED:
                raise

    def delete(self, job_id: str, *, permanent: bool = False) -> Deletion | None:
        """Deletes an ended job; cancels one that is PENDING, and returns None.

        Until `restorable_until` of what it returns the job can be restored. With `permanent` it is gone at
        once, also if it was deleted before.
        """
        params = {"permanent": "true"} if permanent else {}
        answer = self._wire.call("DELETE", path_of("jobs", job_id), params=params)
        if self._wire.read(answer, Done).deleted_at is None:
            return None
        return self._wire.read(answer, Deletion)

    def restore(self, job_id: str) -> None:
        """Brings a deleted job back, with its links. One that isn't deleted stays as it is."""
        try:
            self._wire.call("POST", path_of("jobs", job_id, "restore"))
        except Refused as refusal:
            # The answer to an earlier try may have got lost.
            if refusal.code != "not_deleted":
                raise

    def download(self, job: Status | str, path: str | os.PathLike[str]) -> Path:
        """Saves the video of a COMPLETED job, whole or not at all, and returns where it is.

        A line that breaks is taken up again where it broke. Raises OSError for a file that can't be written.
        """
        status = job if isinstance(job, Status) else self.status(job)
        if status.output_video is None:
            raise TalkreelError(f"The job {status.job_id} is {status.status}: it has no video.")
        downloads.download(self._wire, status.output_video, Path(path))
        return Path(path)


def _completed(status: Status) -> Status:
    if status.status is JobStatus.FAILED:
        raise JobFailed(status)
    if status.status is JobStatus.CANCELLED:
        raise JobCancelled(status)
    return status


def _opened(opened: ExitStack, source: Source) -> IO[bytes]:
    """A file to be sent, more than once if need be: it can be wound back."""
    if isinstance(source, (str, os.PathLike)):
        return opened.enter_context(Path(source).open("rb"))
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source if source.seekable() else io.BytesIO(source.read())
