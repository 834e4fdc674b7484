"""Refusals that are our fault, not the request's: something broke, or a door is closed."""

from __future__ import annotations

from app.errors.base import ApiError


class InternalError(ApiError):
    """`requestId` is what the log knows the request by."""

    def __init__(self, request_id: str) -> None:
        super().__init__(requestId=request_id)


class Unavailable(ApiError):
    status = 503
    code = "unavailable"
    sentence = "The service can't take this request right now. Nothing accepted is lost; try again soon."
    retry_after_seconds = 5


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


class CommitUnknown(DatabaseUnavailable):
    """The answer to a COMMIT got lost: what was written may be there or not."""


class StorageUnavailable(Unavailable):
    code = "storage_unavailable"


class Stopping(Unavailable):
    code = "stopping"
    sentence = "The service is being restarted. Nothing of this upload was kept; send it again in a moment."


class DiskFull(Unavailable):
    code = "disk_full"
    sentence = "The service has no room for the upload right now. Try again later."
    retry_after_seconds = 60


class TooManyStreams(Unavailable):
    code = "too_many_streams"
    sentence = "Too many clients follow jobs right now. Ask for the job's status, or try again later."
    retry_after_seconds = 10
