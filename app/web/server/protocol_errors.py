"""What is answered to a request that no application sees: gunicorn's own errors, in our words.

gunicorn would answer in HTML, and log the line that it can't read, which may hold a key.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from gunicorn.http.errors import (  # type: ignore[import-untyped]
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)


@dataclass(frozen=True)
class Refusal:
    status: str
    code: str
    sentence: str

    def http_bytes(self) -> bytes:
        """A whole answer, after which the connection ends."""
        body = json.dumps({"error": self.sentence, "code": self.code}).encode()
        head = [
            f"HTTP/1.1 {self.status}",
            "Connection: close",
            "Content-Type: application/json",
            "X-Content-Type-Options: nosniff",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*head, "", ""]).encode() + body


MALFORMED = Refusal("400 Bad Request", "malformed_request", "The request isn't HTTP as we know it.")
#: RFC 6585, section 5.
HEAD_TOO_LARGE = Refusal(
    "431 Request Header Fields Too Large", "head_too_large", "The request's headers are too long or too many."
)
FAILED = Refusal("500 Internal Server Error", "internal_error", "Something went wrong on our side.")
_KNOWN: tuple[tuple[type[Exception], Refusal], ...] = (
    (LimitRequestLine, Refusal("414 URI Too Long", "address_too_long", "The request's address is too long.")),
    (LimitRequestHeaders, HEAD_TOO_LARGE),
    (
        UnsupportedTransferCoding,
        Refusal("501 Not Implemented", "unknown_transfer_coding", "Send the body as it is, or chunked."),
    ),
    (
        ExpectationFailed,
        Refusal("417 Expectation Failed", "expectation_failed", "Only 100-continue can be expected."),
    ),
    (ParseException, MALFORMED),
)


def refusal_of(error: BaseException) -> Refusal:
    """The answer to what gunicorn raised."""
    return next((refusal for kind, refusal in _KNOWN if isinstance(error, kind)), FAILED)
