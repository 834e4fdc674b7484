"""The parameters of the tools of `talkreel mcp`: their types, bounds and the sentences an assistant reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.media.media_types import MAX_LOUDNESS_LUFS, MIN_LOUDNESS_LUFS

JobId = Annotated[str, Field(description="The id that make_talking_video returned.")]
Motion = Annotated[
    Literal["auto", "talking", "still"],
    Field(
        description="auto: talk if a usable face is found, else stand still; talking: talk or fail; still."
    ),
]
WebhookUrl = Annotated[
    str, Field(description="An https:// address that is told when the video is made, or can't be.")
]
IdempotencyKey = Annotated[
    str, Field(description="A word of your choice: the same call under the same word makes one video only.")
]
Loudness = Annotated[
    float,
    Field(
        ge=MIN_LOUDNESS_LUFS,
        le=MAX_LOUDNESS_LUFS,
        description="What to bring the voice to, in LUFS, such as -16; left out, it stays as it is.",
    ),
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
