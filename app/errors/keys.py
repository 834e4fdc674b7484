"""The refusals around keys: what they may do, what they may use, and the JSON that describes them.

    ApiError
    ├── BadRequest 400 ── MalformedJson, InvalidMember, UnknownMember
    ├── AdminRequired 403
    ├── KeyNotFound 404
    ├── OwnKey 409
    ├── JsonTooLarge 413
    ├── NotJson 415
    └── QuotaExceeded 429

The others are in `app.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.errors import ApiError, BadRequest, NotFound
from app.errors.suggestions import MAX_SHOWN_NAME, unknown


class MalformedJson(BadRequest):
    code = "malformed_json"
    sentence = "The body must be a JSON object in UTF-8."


class InvalidMember(BadRequest):
    code = "invalid_member"

    def __init__(self, name: str, rule: str) -> None:
        super().__init__(f"'{name}' must be {rule}.", member=name)


class UnknownMember(BadRequest):
    code = "unknown_member"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(unknown("member", name, known), member=name[:MAX_SHOWN_NAME])


class AdminRequired(ApiError):
    status = 403
    code = "admin_required"
    sentence = "This takes the key of an admin."


class KeyNotFound(NotFound):
    code = "key_not_found"
    sentence = "No key has this id, or it is revoked."


class OwnKey(ApiError):
    status = 409
    code = "own_key"
    sentence = "A key can't revoke itself. Ask with another admin's key, or on the server."


class JsonTooLarge(ApiError):
    status = 413
    code = "body_too_large"

    def __init__(self, max_body_bytes: int) -> None:
        super().__init__(f"The body is larger than {max_body_bytes // 1024} KiB.")


class NotJson(ApiError):
    status = 415
    code = "not_json"
    sentence = "Send the body as application/json."


class QuotaExceeded(ApiError):
    """The month's seconds of video are used up; the seconds are those until the next month."""

    status = 429
    code = "quota_exceeded"
    sentence = "This key has used up its video seconds of this month."

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(retryAfterSeconds=retry_after_seconds)
