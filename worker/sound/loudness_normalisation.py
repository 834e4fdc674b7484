"""A voice at the loudness that was asked for: gain where that is enough, and a limiter where peaks are in the
way.

What counts is the finished AAC: an encoder moves peaks by up to a decibel or two. So that is measured, and
made anew with what was learnt, until it is right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ffmpeg

from app.domain.warnings import LOUDNESS_NOT_REACHED, TOO_QUIET_TO_LEVEL, TOO_SHORT_TO_LEVEL, Notice
from worker.progress import between
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, local, run
from worker.sandbox.resource_limits import Bounds
from worker.scene import ReportShare, Sound, SoundTrack
from worker.sound.aac import encode
from worker.sound.loudness import BLOCK_SECONDS, Loudness, measure

#: What EBU R 128 allows true peaks to reach, less what a measurement to a tenth may hide.
MAX_PEAK_DB = -1.0 - 0.05
#: Where the first try holds them: most of what the encoder adds to them fits in between.
FIRST_CEILING_DB = -1.6
#: How much further below than it seems to need the next try holds them.
CEILING_STEP_DB = 0.3

#: More would raise the noise of the room, and no voice.
MAX_GAIN_DB = 30.0

#: How far off a try may be, and how far off is told.
CLOSE_ENOUGH_LU, FAR_OFF_LU = 0.2, 0.5
#: How many tries it may take to be loud enough; then as many more until no peak is too high.
LOUDNESS_TRIES, PEAK_TRIES = 3, 2

#: The limiter sees what lies between the samples at this multiple of their rate (BS.1770-5, annex 2).
OVERSAMPLING = 4
#: It looks ahead as far as it takes to turn down, and lets go slowly enough not to be heard.
LIMITER = {"attack": 5, "release": 50, "level": 0, "latency": 1}

#: Shares of the work: measuring the upload; of a try, changing, then encoding, then measuring.
MEASURED = 0.1
CHANGED, ENCODED = 0.3, 0.8


@dataclass(frozen=True)
class GainSetting:
    """How a sound is changed: by `gain_db`, with peaks held down to `ceiling_db` if they would pass it."""

    gain_db: float
    ceiling_db: float = FIRST_CEILING_DB

    def after(self, found: Loudness, target_lufs: float) -> GainSetting:
        """What to try next, now that this has led to what was found: peaks come first."""
        too_high_db = found.true_peak_db - MAX_PEAK_DB
        if too_high_db > 0:
            return GainSetting(self.gain_db, self.ceiling_db - too_high_db - CEILING_STEP_DB)
        return GainSetting(_bound_gain(self.gain_db + _missing_lu(found, target_lufs)), self.ceiling_db)


def levelled(sound: Sound, target_lufs: float, folder: Path, report: ReportShare) -> SoundTrack:
    """The sound as AAC-LC, with the integrated loudness `target_lufs` and no true peak above -1 dBTP.

    It keeps its start and its length to the sample. What has no loudness stays as it is, with a notice.

    Raises:
        What `aac.encode` does.
    """
    before = measure(sound.path, "wav", sound.duration_seconds, between(report, 0, MEASURED))
    rest = between(report, MEASURED, 1)
    if before.integrated_lufs is None:
        kind = TOO_SHORT_TO_LEVEL if sound.duration_seconds < BLOCK_SECONDS else TOO_QUIET_TO_LEVEL
        return SoundTrack(encode(sound, folder, rest), notices=(kind.notice(),))
    path, found = _searched(sound, before, target_lufs, folder, rest)
    return SoundTrack(
        path, found.integrated_lufs, before.integrated_lufs, _notices(before, found, target_lufs)
    )


def _searched(
    sound: Sound, before: Loudness, target_lufs: float, folder: Path, report: ReportShare
) -> tuple[Path, Loudness]:
    """The AAC that is right, or the last that was tried; and what was found in it."""
    setting, missed_lu = GainSetting(_bound_gain(_missing_lu(before, target_lufs))), math.inf
    for tries, share in enumerate(_halves(report), 1):
        path, found = _tried(sound, before, setting, folder, share)
        missing_lu, following = abs(_missing_lu(found, target_lufs)), setting.after(found, target_lufs)
        has_settled = tries >= LOUDNESS_TRIES or _has_settled(missing_lu, missed_lu)
        if following == setting or (has_settled and found.true_peak_db <= MAX_PEAK_DB):
            break
        setting, missed_lu = following, missing_lu
    report(1)
    return path, found


def _halves(report: ReportShare) -> Iterator[ReportShare]:
    """For each try half of what is left: nobody knows how many it takes."""
    for number in range(LOUDNESS_TRIES + PEAK_TRIES):
        yield between(report, 1 - 0.5**number, 1 - 0.5 ** (number + 1))


def _tried(
    sound: Sound, before: Loudness, setting: GainSetting, folder: Path, report: ReportShare
) -> tuple[Path, Loudness]:
    changed = _changed(sound, before, setting, folder / "levelled.wav", between(report, 0, CHANGED))
    path = encode(changed, folder, between(report, CHANGED, ENCODED))
    return path, measure(path, "mov", sound.duration_seconds, between(report, ENCODED, 1))


def _changed(sound: Sound, before: Loudness, setting: GainSetting, path: Path, report: ReportShare) -> Sound:
    heard = ffmpeg.input(local(sound.path), **CLOSED, f="wav")["a:0"]
    heard = heard.filter("volume", volume=f"{setting.gain_db:.3f}dB", precision="float")
    if before.true_peak_db + setting.gain_db > setting.ceiling_db:
        heard = _limited(heard, sound, setting.ceiling_db)
    seconds = sound.duration_seconds
    graph = heard.output(local(path), f="wav", rf64="auto", acodec="pcm_s16le", **ANONYMOUS)
    run(graph, Bounds(deadline_seconds=60 + seconds / 2), expected_seconds=seconds, report=report)
    return replace(sound, path=path, aac=None)


def _limited(heard: Any, sound: Sound, ceiling_db: float) -> Any:
    """No true peak above the ceiling; as many samples as before, each where it was."""
    return (
        heard.filter("aresample", sound.sample_rate * OVERSAMPLING)
        .filter("alimiter", limit=10 ** (ceiling_db / 20), **LIMITER)
        .filter("aresample", sound.sample_rate)
        .filter("apad", whole_len=sound.samples)
        .filter("atrim", end_sample=sound.samples)
    )


def _missing_lu(found: Loudness, target_lufs: float) -> float:
    return 0.0 if found.integrated_lufs is None else target_lufs - found.integrated_lufs


def _bound_gain(gain_db: float) -> float:
    return min(gain_db, MAX_GAIN_DB)


def _has_settled(missing_lu: float, missed_lu: float) -> bool:
    """Whether it is right, or as near as a limiter gets it: beyond that it only distorts."""
    return missing_lu <= CLOSE_ENOUGH_LU or missing_lu > 0.75 * missed_lu


def _notices(before: Loudness, found: Loudness, target_lufs: float) -> tuple[Notice, ...]:
    if abs(_missing_lu(found, target_lufs)) <= FAR_OFF_LU:
        return ()
    is_too_quiet = _missing_lu(before, target_lufs) > MAX_GAIN_DB
    why = (
        "it was raised by 30 dB, and more would be noise" if is_too_quiet else "its peaks leave no more room"
    )
    return (LOUDNESS_NOT_REACHED.notice(lufs=found.integrated_lufs, target_lufs=target_lufs, why=why),)
