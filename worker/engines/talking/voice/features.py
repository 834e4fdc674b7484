"""What can be heard without knowing any language: loudness, formants and hiss, 100 times a second.

The mouth rests unless loudness comes and goes as it does in speech: silence, tones and steady noise don't
move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.numerics.smoothing import gaussian
from worker.engines.talking.voice import waveform
from worker.scene import Sound

#: The short-time spectrum: a Hann window of 25 ms, every 10 ms.
WINDOW_SAMPLES = 400
SPECTRUM_SAMPLES = 512
WINDOW = floats(np.hanning(WINDOW_SAMPLES))
BIN_HZ = floats(np.fft.rfftfreq(SPECTRUM_SAMPLES, 1 / waveform.SAMPLE_RATE))
#: The power that a full-scale sine has in the spectrum: 0 dB.
FULL_SCALE_POWER = SPECTRUM_SAMPLES * float((WINDOW**2).sum()) / 4
#: Added to powers before they are divided or taken the logarithm of; far below the quietest 16-bit sound.
TINY_POWER = 1e-9

#: Bands in Hz: [from, to).
SPEECH_BAND = (90.0, 4_000.0)
FIRST_FORMANT_BAND = (200.0, 1_100.0)
BACK_BAND = (600.0, 1_500.0)
FRONT_BAND = (1_700.0, 3_200.0)
VOICED_BAND = (90.0, 3_000.0)
HISS_BAND = (4_000.0, 7_900.0)

#: Loud and quiet of this voice: percentiles of its dB, at most MAX_RANGE_DB apart.
LOUD_PERCENTILE, QUIET_PERCENTILE = 95, 8
MAX_RANGE_DB = 55.0
#: Loud is measured where there is sound: within this of the loudest PEAK_PERCENTILE.
PEAK_PERCENTILE = 99.5
MAX_BELOW_PEAK_DB = 35.0
#: Speech begins this share of the way from quiet to loud, but not further than this below loud.
ONSET_SHARE = 0.22
MAX_ONSET_BELOW_LOUD_DB = 34.0
#: Full loudness is this much above loud.
HEADROOM_DB = 1.0
#: Loudness that varies by less than the first isn't speech; by their sum, it surely is.
MIN_VARIATION_DB, SURE_VARIATION_DB = 8.0, 8.0
#: A voice whose loud is below this (re a full-scale sine) isn't heard.
HEARING_DB = -57.0

#: The centre of the first formant's band: closed vowels are at the first, open ones the second further up.
CLOSED_FORMANT_HZ, FORMANT_SPAN_HZ = 330.0, 350.0

#: The gate is open from this loudness on; it opens ahead and closes late, in hops of 10 ms.
GATE_LOUDNESS = 0.12
GATE_LEAD_HOPS, GATE_RELEASE_HOPS = 6, 10

#: Standard deviations of the smoothing, in hops.
LOUDNESS_SIGMA, OPENNESS_SIGMA, FRONTNESS_SIGMA, HISS_SIGMA, GATE_SIGMA = 1.5, 2.0, 2.0, 1.5, 1.5


@dataclass(frozen=True)
class Features:
    """Tracks at 100 Hz, float32; value i describes the 25 ms around i / 100 s.

    `loudness` 0 to 1, `gate` 0 (no speech) to 1, `openness` 0 to 1 (by the first formant), `frontness` the
    log10 of the power of front over back vowels' second formant, `hiss` 0 to 1 (the share above 4 kHz).
    `aliveness` is one number for all: 0 where the sound isn't speech at all, to 1.
    """

    loudness: Floats
    gate: Floats
    openness: Floats
    frontness: Floats
    hiss: Floats
    aliveness: float

    def __len__(self) -> int:
        return len(self.loudness)


class _Powers(NamedTuple):
    """Powers in the bands and the first formant's centre in Hz: a value per hop."""

    speech: Floats
    back: Floats
    front: Floats
    voiced: Floats
    hiss: Floats
    formant_hz: Floats


class _Levels(NamedTuple):
    """Loud, quiet and the onset of speech, in dB re a full-scale sine."""

    loud: float
    quiet: float
    onset: float


def listen(sound: Sound) -> Features:
    """The features of the whole sound; `voice.hops(sound)` of each. Only the tracks stay in memory."""
    powers = _powers(sound)
    speech_db = 10 * np.log10(powers.speech / np.float32(FULL_SCALE_POWER))
    levels = _levels(speech_db)
    aliveness = _aliveness(levels)
    loudness = _loudness(speech_db, levels)
    frontness = np.log10(powers.front / powers.back)
    openness = np.clip((powers.formant_hz - CLOSED_FORMANT_HZ) / FORMANT_SPAN_HZ, 0, 1)
    return Features(
        loudness,
        floats(_gate(loudness) * aliveness),
        gaussian(openness, OPENNESS_SIGMA),
        gaussian(frontness, FRONTNESS_SIGMA),
        gaussian(powers.hiss / (powers.hiss + powers.voiced), HISS_SIGMA),
        aliveness,
    )


def _powers(sound: Sound) -> _Powers:
    lead = WINDOW_SAMPLES // 2
    windows = waveform.sliding(waveform.blocks(sound), WINDOW_SAMPLES, waveform.HOP_SAMPLES, lead)
    parts = [_powers_in(part) for part in windows]
    return _Powers(*(np.concatenate(tracks) for tracks in zip(*parts, strict=True)))


def _powers_in(windows: Floats) -> _Powers:
    spectrum = floats(np.abs(np.fft.rfft(windows * WINDOW, SPECTRUM_SAMPLES, axis=1)) ** 2)
    return _Powers(
        speech=_power(spectrum, SPEECH_BAND),
        back=_power(spectrum, BACK_BAND),
        front=_power(spectrum, FRONT_BAND),
        voiced=_power(spectrum, VOICED_BAND),
        hiss=_power(spectrum, HISS_BAND),
        formant_hz=_centre_hz(spectrum, FIRST_FORMANT_BAND),
    )


def _power(spectrum: Floats, band: tuple[float, float]) -> Floats:
    return floats(spectrum[:, _bins(band)].sum(axis=1) + TINY_POWER)


def _centre_hz(spectrum: Floats, band: tuple[float, float]) -> Floats:
    bins = _bins(band)
    return floats((spectrum[:, bins] @ BIN_HZ[bins]) / _power(spectrum, band))


def _bins(band: tuple[float, float]) -> slice:
    first, end = np.searchsorted(BIN_HZ, band)
    return slice(int(first), int(end))


def _levels(speech_db: Floats) -> _Levels:
    sounding = speech_db[speech_db >= np.percentile(speech_db, PEAK_PERCENTILE) - MAX_BELOW_PEAK_DB]
    loud = float(np.percentile(sounding, LOUD_PERCENTILE))
    quiet = max(float(np.percentile(speech_db, QUIET_PERCENTILE)), loud - MAX_RANGE_DB)
    onset = max(quiet + ONSET_SHARE * (loud - quiet), loud - MAX_ONSET_BELOW_LOUD_DB)
    return _Levels(loud, quiet, onset)


def _aliveness(levels: _Levels) -> float:
    if levels.loud <= HEARING_DB:
        return 0.0
    return float(np.clip((levels.loud - levels.quiet - MIN_VARIATION_DB) / SURE_VARIATION_DB, 0, 1))


def _loudness(speech_db: Floats, levels: _Levels) -> Floats:
    top = levels.loud + HEADROOM_DB
    return gaussian(np.clip((speech_db - levels.onset) / (top - levels.onset), 0, 1), LOUDNESS_SIGMA)


def _gate(loudness: Floats) -> Floats:
    """Open where there is speech, a little before it and a little after."""
    open_here = np.clip(loudness / GATE_LOUDNESS, 0, 1)
    gate = open_here.copy()
    for hops in range(1, min(GATE_LEAD_HOPS + 1, len(gate))):
        early = open_here[hops:] * np.float32(1 - hops / (GATE_LEAD_HOPS + 1))
        gate[:-hops] = np.maximum(gate[:-hops], early)
    for hops in range(1, min(GATE_RELEASE_HOPS + 1, len(gate))):
        late = open_here[:-hops] * np.float32(1 - hops / (GATE_RELEASE_HOPS + 1))
        gate[hops:] = np.maximum(gate[hops:], late)
    return gaussian(gate, GATE_SIGMA)
