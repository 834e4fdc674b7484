"""How each type of sound is read: by one demuxer, and by no other decoders than those named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from app.media import SNIFF_BYTES, MediaType
from app.mpeg_audio import first_mp3_frame, skip_tags
from worker.ffmpeg import CLOSED, local
from worker.riff import WavHeader

PCM_LITTLE = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_s64le", "pcm_f32le", "pcm_f64le")
PCM_BIG = ("pcm_s8", "pcm_s16be", "pcm_s24be", "pcm_s32be", "pcm_f32be", "pcm_f64be")
LOGARITHMIC = ("pcm_alaw", "pcm_mulaw")


@dataclass(frozen=True)
class Container:
    """The demuxer of a type, the only decoders that may be tried, and what they decode, in words."""

    demuxer: str
    decoders: tuple[str, ...]
    holds: str


CONTAINERS = {
    MediaType.MP3: Container("mp3", ("mp3float", "mp3"), "MP3"),
    MediaType.WAV: Container(
        "wav", (*PCM_LITTLE, *LOGARITHMIC, "adpcm_ima_wav", "adpcm_ms"), "PCM, A-law, mu-law or ADPCM"
    ),
    MediaType.M4A: Container("mov", ("aac", "alac"), "AAC or ALAC"),
    MediaType.OGG: Container("ogg", ("vorbis", "opus"), "Vorbis or Opus"),
    MediaType.WEBM: Container("matroska", ("opus", "vorbis"), "Opus or Vorbis"),
    MediaType.AAC: Container("aac", ("aac",), "AAC"),
    MediaType.FLAC: Container("flac", ("flac",), "FLAC"),
    MediaType.AIFF: Container("aiff", (*PCM_BIG, "pcm_s16le", "pcm_u8", *LOGARITHMIC), "PCM"),
}


def opened(source: Path, media_type: MediaType, header: WavHeader | None) -> Any:
    """The file as an input of ffmpeg; of a WAV file, its `header` is known."""
    container = CONTAINERS[media_type]
    options: dict[str, int] = {}
    if header and header.claims_too_little:
        options["ignore_length"] = 1
    if media_type is MediaType.MP3 and (rubbish_end := _rubbish_end(source)):
        options["skip_initial_bytes"] = rubbish_end
    return ffmpeg.input(
        local(source),
        **CLOSED,
        f=container.demuxer,
        codec_whitelist=",".join(container.decoders),
        **options,
    )


def _rubbish_end(source: Path) -> int:
    """Where the first frame is, if anything but tags lies before it: 0 if nothing does.

    What looks like a frame in rubbish would pass for the header that tells the length.
    """
    with source.open("rb") as file:
        begin = skip_tags(file)
        file.seek(begin)
        rubbish_bytes = first_mp3_frame(file.read(SNIFF_BYTES))
    return begin + rubbish_bytes if rubbish_bytes else 0
