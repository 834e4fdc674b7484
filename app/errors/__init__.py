"""Every refusal the HTTP API can answer with. An error knows its status, its code and its public sentence.

    ApiError
    ├── BadRequest 400
    │   ├── MalformedBody, MissingPart, EmptyFile, UnknownPart, RepeatedPart
    │   ├── FileTooShort, TooManyPixels, AudioTooLong, NoSound
    │   └── InvalidParameter, UnknownParameter, InvalidCursor, InvalidWebhookUrl
    ├── MissingApiKey, InvalidApiKey 401
    ├── NotFound 404 ── JobNotFound, DeliveryNotFound, LinkExpired, StoredFileMissing
    ├── MethodNotAllowed 405
    ├── UploadTooSlow 408
    ├── ActiveJobExists, NotCancellable, NotDeleted, DeliveryUnderWay 409
    ├── FileTooLarge, BodyTooLarge 413
    ├── NotMultipart, UnsupportedMediaType 415
    ├── RangeNotSatisfiable 416
    ├── IdempotencyKeyReused 422
    ├── RateLimited 429
    ├── InternalError 500
    └── Unavailable 503 ── DatabaseUnavailable (CommitUnknown), StorageUnavailable, DiskFull, Stopping ...

What a render can fail with is in `worker/errors.py`: it ends a job, not a request.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.errors.base import ApiError as ApiError
from app.errors.base import BadRequest as BadRequest
from app.errors.media import AudioTooLong as AudioTooLong
from app.errors.media import FileTooShort as FileTooShort
from app.errors.media import NoSound as NoSound
from app.errors.media import TooManyPixels as TooManyPixels
from app.errors.media import UnsupportedMediaType as UnsupportedMediaType
from app.errors.suggestions import MAX_SHOWN_NAME, unknown
from app.errors.unavailable import CommitUnknown as CommitUnknown
from app.errors.unavailable import DatabaseUnavailable as DatabaseUnavailable
from app.errors.unavailable import DiskFull as DiskFull
from app.errors.unavailable import InternalError as InternalError
from app.errors.unavailable import Stopping as Stopping
from app.errors.unavailable import StorageUnavailable as StorageUnavailable
from app.errors.unavailable import TooManyStreams as TooManyStreams
from app.errors.unavailable import Unavailable as Unavailable


class MalformedBody(BadRequest):
    code = "malformed_body"
    sentence = "The multipart body is malformed or was cut off."


class MissingPart(BadRequest):
    code = "missing_part"

    def __init__(self, name: str) -> None:
        super().__init__(f"The '{name}' file is missing.", part=name)


class EmptyFile(BadRequest):
    code = "empty_file"

    def __init__(self, name: str) -> None:
        super().__init__(f"The '{name}' file is empty: it has 0 bytes.", part=name)


class UnknownPart(BadRequest):
    code = "unknown_part"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(unknown("part", name, known), part=name[:MAX_SHOWN_NAME])


class RepeatedPart(BadRequest):
    code = "repeated_part"

    def __init__(self, name: str) -> None:
        super().__init__(f"The part '{name}' was sent more than once.", part=name)


class InvalidParameter(BadRequest):
    code = "invalid_parameter"

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"'{name}' must be {rule}.", parameter=name)


class UnknownParameter(BadRequest):
    code = "unknown_parameter"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(unknown("parameter", name, known), parameter=name[:MAX_SHOWN_NAME])


class InvalidCursor(BadRequest):
    code = "invalid_cursor"
    sentence = "The cursor can't be read. Use the nextCursor of an earlier page as it is."


class InvalidWebhookUrl(BadRequest):
    code = "invalid_webhook_url"
    sentence = "webhookUrl must be an https:// URL with a host and no user name or password."


class MissingApiKey(ApiError):
    status = 401
    code = "missing_api_key"
    sentence = "Missing X-API-Key header"


class InvalidApiKey(ApiError):
    status = 401
    code = "invalid_api_key"
    sentence = "API key not recognized or has been deactivated"


class NotFound(ApiError):
    status = 404
    code = "not_found"
    sentence = "There is nothing at this address."


class JobNotFound(NotFound):
    code = "job_not_found"
    sentence = "No job of yours has this id."


class DeliveryNotFound(NotFound):
    code = "delivery_not_found"
    sentence = "This job has no webhook delivery with this id."


class LinkExpired(NotFound):
    code = "link_expired"
    sentence = "This link is not valid or has expired. Ask the job's status for a fresh one."


class StoredFileMissing(NotFound):
    code = "file_missing"
    sentence = "The file is not stored any more."


class MethodNotAllowed(ApiError):
    status = 405
    code = "method_not_allowed"
    sentence = "This address doesn't take that method."


class UploadTooSlow(ApiError):
    status = 408
    code = "upload_too_slow"
    sentence = "The upload took too long or stalled."


class ActiveJobExists(ApiError):
    status = 409
    code = "active_job_exists"
    sentence = "You already have an active job"

    def __init__(self, job_id: str, active_jobs: int = 1) -> None:
        several = f"You already have {active_jobs} active jobs" if active_jobs > 1 else None
        super().__init__(several, jobId=job_id)


class NotCancellable(ApiError):
    status = 409
    code = "not_cancellable"
    sentence = "Only a job that is still pending can be cancelled."


class NotDeleted(ApiError):
    status = 409
    code = "not_deleted"
    sentence = "This job isn't deleted: there is nothing to restore."


class DeliveryUnderWay(ApiError):
    status = 409
    code = "delivery_under_way"
    sentence = "This webhook is being sent right now. See its tries in a moment."


class FileTooLarge(ApiError):
    status = 413
    code = "file_too_large"

    def __init__(self, part: str, max_file_bytes: int) -> None:
        super().__init__(
            f"The '{part}' file is larger than {max_file_bytes / (1 << 20):g} MiB.",
            part=part,
            maxFileBytes=max_file_bytes,
        )


class BodyTooLarge(ApiError):
    status = 413
    code = "body_too_large"
    sentence = "The body is larger than two files of the allowed size."


class NotMultipart(ApiError):
    status = 415
    code = "not_multipart"
    sentence = "Send the files as multipart/form-data."


class RangeNotSatisfiable(ApiError):
    status = 416
    code = "range_not_satisfiable"
    sentence = "The video has no such range of bytes."


class IdempotencyKeyReused(ApiError):
    status = 422
    code = "idempotency_key_reused"
    sentence = "This Idempotency-Key came with another submission before. Use a new one for each."


class RateLimited(ApiError):
    status = 429
    code = "rate_limited"
    sentence = "Too many requests from this address. Try again later."
