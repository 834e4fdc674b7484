"""The parameters of the tools of `talkreel mcp`: their types, bounds and the sentences an assistant reads."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, TypeVar

from pydantic import Field

from app.domain.options import options

JobId = Annotated[str, Field(description="The id that make_talking_video returned.")]
WebhookUrl = Annotated[
    str, Field(description="An https:// address that is told when the video is made, or can't be.")
]
IdempotencyKey = Annotated[
    str, Field(description="A word of your choice: the same call under the same word makes one video only.")
]
Seconds = Annotated[int, Field(ge=0, le=300, description="How long to wait at most.")]
Limit = Annotated[int, Field(ge=1, le=1000, description="How many at most.")]
Deleted = Annotated[
    bool, Field(description="List those instead that were deleted and can be brought back by restore_video.")
]
Permanent = Annotated[
    bool, Field(description="For good, also a job that was deleted before. Only if the user asked for that.")
]
PortraitPath = Annotated[str, Field(description="A JPEG, PNG, WebP, HEIC or AVIF file on this machine.")]
VoicePath = Annotated[
    str, Field(description="An MP3, WAV, M4A, Ogg, WebM, AAC, FLAC or AIFF file on this machine.")
]
VideoPath = Annotated[str, Field(description="Where to put the MP4; what is there is replaced.")]
Portrait = Annotated[str, Field(description="A JPEG, PNG, WebP, HEIC or AVIF file, as base64.")]
Voice = Annotated[str, Field(description="An MP3, WAV, M4A, Ogg, WebM, AAC, FLAC or AIFF file, as base64.")]

F = TypeVar("F", bound=Callable[..., Any])


def takes_render_options(tool: F) -> F:
    """Gives a tool that takes `**options` a parameter for each that is declared in `app.domain.options`."""
    signature = inspect.signature(tool, eval_str=True)
    named = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    wished = [
        inspect.Parameter(
            each.field, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.annotation
        )
        for each in options()
    ]

    @wraps(tool)
    def called(*args: Any, **kwargs: Any) -> Any:
        return tool(*args, **kwargs)

    called.__signature__ = signature.replace(parameters=[*named, *wished])  # type: ignore[attr-defined]
    return called  # type: ignore[return-value]
