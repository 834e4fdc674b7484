"""Audio in: any accepted sound becomes 16-bit PCM, mono or stereo, at a rate that plays everywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import ffmpeg

from app.domain.warnings import AUDIO_DAMAGED, AUDIO_HEADER_WRONG, Notice
from app.errors import AudioTooLong, NoSound
from app.media.media_types import MediaType
from worker.errors import RenderFailed
from worker.sandbox.ffmpeg import ANONYMOUS, local, run
from worker.sandbox.resource_limits import HERE, Bounds
from worker.sandbox.runner import ProgramFailed, ProgramTooSlow
from worker.scene import ReportShare, Sound
from worker.sound import parallel_decoding, riff
from worker.sound.channels import mended
from worker.sound.containers import CONTAINERS, Container, opened
from worker.sound.probe import Probe, probed

#: Samples per channel that go from one thread of ffmpeg to the next at once: its own handful would cost more
#: to hand over than to decode.
BLOCK_SAMPLES = 16_384

#: How much more than allowed is decoded: it tells too long from just right.
EXCESS_SECONDS = 1

#: How far a header's length may be off before it is worth a word.
TOLERATED_SECONDS = 0.25

SIGNS_OF_DAMAGE = ("Error submitting packet to decoder", "CRC mismatch", "partial file", "corrupt")


def decode(
    source: Path, media_type: MediaType, folder: Path, *, max_seconds: int, report: ReportShare
) -> Sound:
    """Decodes the first sound track of `source` to `folder`/sound.wav.

    Mono stays mono, everything else becomes stereo. Multiples and parts of 44.1 kHz become 44.1 kHz, all
    other rates 48 kHz. Channels that can't be heard as they are get mended (`worker.sound.channels`).
    What decodes is kept: the length is what was decoded, whatever the header says.

    Raises:
        RenderFailed: nothing in it can be decoded, or it is longer than `max_seconds`.
        ChildKilled: a child process died of a signal.
    """
    path = folder / "sound.wav"
    header = riff.read_header(source) if media_type is MediaType.WAV else None
    source_input = opened(source, media_type, header)
    try:
        probe = probed(source_input, folder)
        is_cut = media_type is MediaType.M4A and _on_every_core(source, probe, path, max_seconds, report)
        complaints = "" if is_cut else _decoded(source_input, probe, path, max_seconds, report)
    except ProgramFailed as error:
        raise RenderFailed(_why(error, CONTAINERS[media_type]), error.stderr) from error
    sound = _measured(path, max_seconds)
    sound = replace(sound, notices=_notices(sound, complaints, probe, header))
    can_be_copied = media_type is MediaType.M4A and _is_as_it_was(probe, sound)
    return mended(replace(sound, aac=source if can_be_copied else None), folder)


def _is_as_it_was(probe: Probe, sound: Sound) -> bool:
    """Whether the decoder took AAC-LC as it was, and had no complaints."""
    return probe.is_aac_lc and probe.keeps_its_samples and not sound.notices


def _decoded(source: Any, probe: Probe, path: Path, max_seconds: int, report: ReportShare) -> str:
    """Writes the WAV file; returns what the decoder complained about."""
    expected_seconds = min(probe.expected_seconds or max_seconds, max_seconds)
    graph = ffmpeg.output(
        _in_two_channels(source["a:0"], probe).filter("asetnsamples", n=BLOCK_SAMPLES, p=0),
        local(path),
        f="wav",
        rf64="auto",
        acodec="pcm_s16le",
        ar=probe.kept_rate,
        ac=probe.kept_channels,
        t=max_seconds + EXCESS_SECONDS,
        **ANONYMOUS,
    )
    bounds = Bounds(deadline_seconds=60 + expected_seconds / 10, core=HERE)
    return run(graph, bounds, expected_seconds=expected_seconds, report=report)


def _on_every_core(source: Path, probe: Probe, path: Path, max_seconds: int, report: ReportShare) -> bool:
    """Whether the WAV file could be written so. What is damaged can't: in one go more of it is kept."""
    if not (probe.keeps_its_samples and probe.is_aac_lc and probe.ticks_samples):
        return False
    track = parallel_decoding.Track(
        source,
        probe.sample_rate,
        probe.kept_channels,
        probe.expected_seconds or 0,
        max_seconds + EXCESS_SECONDS,
    )
    try:
        return track.is_worth_it and parallel_decoding.decode(track, path, BLOCK_SAMPLES, report)
    except ProgramFailed:
        return False


def _in_two_channels(track: Any, probe: Probe) -> Any:
    """Channels that have a place are mixed by it. Of those that have none, every other goes to the left."""
    count = probe.nameless_channels
    if not count:
        return track
    left, right = ("+".join(f"c{n}" for n in range(side, count, 2)) for side in (0, 1))
    return track.filter("pan", f"stereo|c0<{left}|c1<{right}")


def _why(error: ProgramFailed, container: Container) -> str:
    if isinstance(error, ProgramTooSlow):
        return "The audio file takes too long to decode."
    if "matches no streams" in error.stderr:
        return "The audio file holds no sound."
    if "not on whitelist" in error.stderr and "Error while opening decoder" in error.stderr:
        return f"The audio file must hold {container.holds} sound; it holds something else."
    return "The audio file can't be decoded: it is cut off, damaged or something else than its type says."


def _measured(path: Path, max_seconds: int) -> Sound:
    wav = riff.read_header(path)
    if wav is None or wav.samples == 0:
        raise RenderFailed(NoSound.sentence)
    sound = Sound(path, wav.sample_rate, wav.channels, wav.samples)
    if sound.duration_seconds > max_seconds:
        raise RenderFailed(AudioTooLong(max_seconds).sentence)
    return sound


def _notices(
    sound: Sound, complaints: str, probe: Probe, header: riff.WavHeader | None
) -> tuple[Notice, ...]:
    notices = []
    if any(sign in complaints for sign in SIGNS_OF_DAMAGE):
        notices.append(AUDIO_DAMAGED.notice())
    if _claims_wrong_length(sound, probe, header):
        notices.append(AUDIO_HEADER_WRONG.notice())
    return tuple(notices)


def _claims_wrong_length(sound: Sound, probe: Probe, header: riff.WavHeader | None) -> bool:
    if header is not None:
        return header.claims_too_much or header.claims_too_little
    if probe.expected_seconds is None or probe.is_estimate:
        return False
    return abs(probe.expected_seconds - sound.duration_seconds) > TOLERATED_SECONDS
