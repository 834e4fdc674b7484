"""The phones of a voice: ARPAbet names and times, heard by pocketsphinx without knowing the words.

An optional part: where pocketsphinx isn't installed, `phones_available()` says so and the mouth follows the
features alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.voice import waveform
from worker.engines.talking.voice.visemes import CONSONANTS, VOWELS
from worker.scene import ReportShare, Sound

try:
    import pocketsphinx
except ImportError:
    pocketsphinx = None

#: The name of what was heard and isn't known: noise, another language, a decoder that lost its way.
UNKNOWN = "SPN"
#: pocketsphinx's names for pauses.
SILENCES = frozenset({"SIL", "<s>", "</s>", "<sil>"})
SILENCE = "SIL"

#: Longer than this, no phone is what it is said to be.
MAX_CONSONANT_SECONDS = 0.6
MAX_PHONE_SECONDS = 1.2

#: An utterance is cut off where it is quietest between these, measured over QUIET_HOPS.
MIN_UTTERANCE_SECONDS = 10
MAX_UTTERANCE_SECONDS = 20
QUIET_HOPS = 9
#: Too short to hold a phone.
MIN_UTTERANCE_SAMPLES = waveform.SAMPLE_RATE // 10

#: The weight of the phone bigrams against the sound: they are English, and the voice may not be.
LANGUAGE_WEIGHT = 1.0
#: With a narrower beam the search dies after some ten seconds and returns one endless phone.
BEAM = 1e-20


class Phone(NamedTuple):
    """An ARPAbet name without stress, SILENCE or UNKNOWN, and when it sounds."""

    name: str
    start_seconds: float
    end_seconds: float


class Utterance(NamedTuple):
    """Some seconds of 16 kHz mono voice, and when they begin."""

    samples: Floats
    start_seconds: float


def phones_available() -> bool:
    """Whether `recognise` can be called."""
    return pocketsphinx is not None


def recognise(sound: Sound, report: ReportShare, first: int = 0, step: int = 1) -> list[Phone]:
    """The phones of the whole sound, in their order; some 0.06 of its length on one core.

    Only every `step`th utterance from the `first` on is listened to.
    `report` is told the share of the sound that has been heard. Call it only if `phones_available()`.
    """
    decoder = _decoder()
    heard: list[Phone] = []
    for utterance in islice(utterances(sound), first, None, step):
        heard += _phones(decoder, utterance)
        end_seconds = utterance.start_seconds + len(utterance.samples) / waveform.SAMPLE_RATE
        report(min(1.0, end_seconds / sound.duration_seconds))
    return heard


def _decoder() -> Any:
    """One decoder per thread. `cmn=batch` makes an utterance's phones depend on nothing but itself."""
    config = pocketsphinx.Config(
        hmm=pocketsphinx.get_model_path("en-us/en-us"),
        allphone=pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin"),
        lm=None,
        dict=None,
        lw=LANGUAGE_WEIGHT,
        beam=BEAM,
        pbeam=BEAM,
        cmn="batch",
        loglevel="FATAL",
    )
    return pocketsphinx.Decoder(config)


def utterances(sound: Sound) -> Iterator[Utterance]:
    """The voice in pieces of ten to twenty seconds, cut in its pauses."""
    pending, start_samples = floats([]), 0
    for block in waveform.blocks(sound):
        pending = np.concatenate((pending, block))
        while len(pending) > MAX_UTTERANCE_SECONDS * waveform.SAMPLE_RATE:
            cut = _quietest_sample(pending)
            yield Utterance(pending[:cut], start_samples / waveform.SAMPLE_RATE)
            pending, start_samples = pending[cut:], start_samples + cut
    yield Utterance(pending, start_samples / waveform.SAMPLE_RATE)


def _quietest_sample(samples: Floats) -> int:
    """Where the utterance that begins here is best cut off."""
    whole = samples[: MAX_UTTERANCE_SECONDS * waveform.SAMPLE_RATE].reshape(-1, waveform.HOP_SAMPLES)
    loudness = np.sqrt((whole**2).sum(axis=1))
    around = np.convolve(loudness, np.ones(QUIET_HOPS), "same")
    first = MIN_UTTERANCE_SECONDS * waveform.HOPS_PER_SECOND
    return (first + int(around[first:-QUIET_HOPS].argmin())) * waveform.HOP_SAMPLES


def _phones(decoder: Any, utterance: Utterance) -> list[Phone]:
    if len(utterance.samples) < MIN_UTTERANCE_SAMPLES:
        return []
    pcm = np.clip(utterance.samples, -1, 1) * (waveform.FULL_SCALE - 1)
    decoder.start_utt()
    decoder.process_raw(pcm.astype("<i2").tobytes(), no_search=False, full_utt=True)
    decoder.end_utt()
    return [_phone(segment, utterance.start_seconds) for segment in decoder.seg() or ()]


def _phone(segment: Any, start_seconds: float) -> Phone:
    """The segment's frames are 10 ms each, its last one included."""
    start, end = (frame / waveform.HOPS_PER_SECOND for frame in (segment.start_frame, segment.end_frame + 1))
    return Phone(_name(segment.word, end - start), start_seconds + start, start_seconds + end)


def _name(word: str, seconds: float) -> str:
    if word in SILENCES:
        return SILENCE
    if word not in CONSONANTS and word not in VOWELS:
        return UNKNOWN
    longest_seconds = MAX_CONSONANT_SECONDS if word in CONSONANTS else MAX_PHONE_SECONDS
    return word if seconds <= longest_seconds else UNKNOWN
