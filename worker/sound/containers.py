"""How each type of sound is read: by one demuxer, and by no other decoders than those named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from app.media.media_types import SNIFF_BYTES, MediaType
from app.media.mpeg_audio import ID3_HEADER_BYTES, first_mp3_frame, skip_tags, tag_bytes
from worker.sandbox.ffmpeg import CLOSED, local
from worker.sound.riff import WavHeader

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
    if media_type is MediaType.MP3:
        options["skip_initial_bytes"] = _first_frame(source)
    return ffmpeg.input(
        local(source),
        **CLOSED,
        f=container.demuxer,
        codec_whitelist=",".join(container.decoders),
        **options,
    )


def _first_frame(source: Path) -> int:
    """Where it is, if there is more before it than the one ID3v2 tag that the demuxer skips itself; else 0.

    What looks like a frame in rubbish would pass for the one that tells the length.
    """
    with source.open("rb") as file:
        head = file.read(ID3_HEADER_BYTES)
        begin = skip_tags(file)
        file.seek(begin)
        rubbish_bytes = first_mp3_frame(file.read(SNIFF_BYTES))
    if rubbish_bytes is None or begin + rubbish_bytes == tag_bytes(head):
        return 0
    return begin + rubbish_bytes
