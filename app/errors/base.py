"""What all refusals have in common."""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal. `sentence` is for a person, `code` for a program, `extras` are further JSON fields."""

    status = 500
    code = "internal_error"
    sentence = "Something went wrong on our side."
    retry_after_seconds: int | None = None

    def __init__(self, sentence: str | None = None, **extras: str | int) -> None:
        self.sentence = sentence or self.sentence
        self.extras = extras
        super().__init__(self.sentence)

    def body(self) -> Mapping[str, str | int]:
        """The JSON object of the answer."""
        return {"error": self.sentence, "code": self.code, **self.extras}


class BadRequest(ApiError):
    status = 400
    code = "bad_request"
    sentence = "The request could not be understood."
