"""Warnings: what was repaired or degraded on the way to the video, each kind declared here and nowhere else.

A job's row and the API keep what a kind made of the facts: a `Notice`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One entry of a job's `warnings`: a snake_case `code` for programs, a `message` for a person."""

    code: str
    message: str


@dataclass(frozen=True)
class WarningKind:
    """A kind of warning: its `code`, its `sentence` with places for facts, and its `meaning` for the docs."""

    code: str
    sentence: str
    meaning: str

    def notice(self, **facts: object) -> Notice:
        """The warning of one job; `facts` go into the places of the sentence, as `str.format` takes them."""
        return Notice(self.code, self.sentence.format(**facts))


STANDS_STILL = "the picture stands still"
AS_IT_WAS = "the sound is as it was"

NO_FACE = WarningKind("no_face", "No face was found in the picture.", f"no face was found: {STANDS_STILL}")
FACE_TOO_SMALL = WarningKind(
    "no_face", "The face in the picture is too small to speak.", f"the face is too small: {STANDS_STILL}"
)
PROFILE_FACE = WarningKind(
    "profile_face",
    "The face in the picture is turned too far to the side to speak.",
    f"the face is turned too far away: {STANDS_STILL}",
)
CUT_MOUTH = WarningKind(
    "cut_mouth",
    "The picture's edge cuts off the mouth, so it can't be made to speak.",
    f"the picture's edge cuts off the mouth: {STANDS_STILL}",
)
HIDDEN_MOUTH = WarningKind(
    "hidden_mouth",
    "Something in the picture hides the mouth, so it can't be made to speak.",
    f"something covers the mouth: {STANDS_STILL}",
)
MULTIPLE_FACES = WarningKind(
    "multiple_faces",
    "{found} faces were found; the largest usable one speaks.",
    "there are several; the largest one speaks",
)
SMALL_FACE = WarningKind(
    "small_face",
    "The face is only {width_px:.0f} pixels wide; a closer picture would look better.",
    "it speaks, but its mouth is small",
)
NO_PHONEMES = WarningKind(
    "no_phonemes",
    "The sounds of the speech could not be recognised; the mouth follows its loudness and tone.",
    "speech sounds couldn't be recognised: the mouth follows loudness and tone",
)
ENGINE_FAILED = WarningKind(
    "engine_failed",
    "This service can't make pictures talk at the moment: its talking engine failed.",
    f"the operator's own engine failed: {STANDS_STILL}",
)
TALKING_UNAVAILABLE = WarningKind(
    "talking_unavailable",
    "This service can't make pictures talk at the moment: its face models are missing.",
    "the face models are missing on this service",
)
LOUDNESS_NOT_REACHED = WarningKind(
    "loudness_not_reached",
    "The sound has {lufs} LUFS instead of {target_lufs:g}: {why}.",
    "the voice was raised by 30 dB, the most, or its peaks leave no room; `loudness` says what it came to",
)
TOO_QUIET_TO_LEVEL = WarningKind(
    "too_quiet_to_level",
    "There is next to no sound that could be brought to a loudness; it is as it was.",
    f"silence has no loudness: {AS_IT_WAS}",
)
TOO_SHORT_TO_LEVEL = WarningKind(
    "too_short_to_level",
    "The sound is too short to have a loudness; it is as it was.",
    f"less than 0.4 s has no loudness: {AS_IT_WAS}",
)
ONE_CHANNEL = WarningKind(
    "one_channel",
    "Only the {side} channel holds sound; it is heard on both sides now.",
    "the voice was in one of two channels only; it is heard in both",
)
OPPOSITE_PHASE = WarningKind(
    "opposite_phase",
    "The two channels were in opposite phase, and would cancel each other out on one loudspeaker;"
    " one of them was inverted.",
    "the two channels would have cancelled each other out on one loudspeaker; one of them was inverted",
)
AUDIO_DAMAGED = WarningKind(
    "audio_damaged",
    "The audio file is damaged in places; what could be decoded was used.",
    "the audio file is damaged in places; what could be decoded was used",
)
AUDIO_HEADER_WRONG = WarningKind(
    "audio_header_wrong",
    "The audio file's header gives a wrong length; all the sound it holds was used.",
    "the audio file's header gives a wrong length; all the sound it holds was used",
)
IMAGE_DOWNSCALED = WarningKind(
    "image_downscaled",
    "The image was scaled down from {from_width} x {from_height} to {width} x {height} pixels.",
    "the image was made smaller",
)
IMAGE_PROFILE_IGNORED = WarningKind(
    "image_profile_ignored",
    "The image's colour profile can't be used; colours may differ.",
    "the image's colour profile can't be used; colours may differ",
)

WARNINGS = tuple(each for each in globals().values() if isinstance(each, WarningKind))


def as_table() -> str:
    """All kinds as a table in Markdown, those of one code in one line."""
    meanings: dict[str, list[str]] = {}
    for kind in WARNINGS:
        meanings.setdefault(kind.code, []).append(kind.meaning)
    lines = [f"| `{code}` | {'; or '.join(each)} |" for code, each in meanings.items()]
    return "\n".join(["| warning | what happened |", "|---|---|", *lines])
