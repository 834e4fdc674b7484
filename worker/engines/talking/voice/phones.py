"""The phones of a voice: what is said and when, in letters of the International Phonetic Alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from worker.engines.talking.numerics.arrays import Floats
from worker.engines.talking.voice import waveform
from worker.engines.talking.voice.closures import STEPS_PER_SECOND, closure_near, muffled_levels
from worker.engines.talking.voice.recogniser import FRAME_SECONDS, recogniser
from worker.engines.talking.voice.spikes import Spike, spikes
from worker.engines.talking.voice.utterances import Utterance, utterances
from worker.engines.talking.voice.visemes import BILABIALS, VOWELS
from worker.scene import ReportShare, Sound

#: The network tells a phone so long after its begin: 60 to 90 ms with half of them, whatever their kind.
SPIKE_DELAY_SECONDS = 0.075

#: Where no other follows at once, a phone lasts until it is so much quieter than at its loudest, and no
#: longer than a vowel or a consonant may.
FADED_DB = 20.0
MAX_VOWEL_SECONDS, MAX_CONSONANT_SECONDS = 0.6, 0.2
#: What is shorter than this ends where the next phone begins.
MAX_JOINED_SECONDS = 0.22
MIN_PHONE_SECONDS = 0.02

#: Too short to hold a phone.
MIN_UTTERANCE_SAMPLES = waveform.SAMPLE_RATE // 10


class Phone(NamedTuple):
    """One of `visemes.VOWELS` or `visemes.CONSONANTS`, and when it sounds."""

    name: str
    start_seconds: float
    end_seconds: float


def recognise(sound: Sound, report: ReportShare, first: int = 0, step: int = 1) -> list[Phone]:
    """The phones of the whole sound, in their order; some 0.1 of its length on one core.

    Only every `step`th utterance from the `first` on is listened to.
    `report` is told the share of the sound that has been heard. Call it only if `recogniser.is_available()`.
    """
    heard: list[Phone] = []
    for utterance in islice(utterances(sound), first, None, step):
        heard += phones_of(utterance)
        report(min(1.0, (utterance.start_seconds + utterance.seconds) / sound.duration_seconds))
    return heard


def phones_of(utterance: Utterance) -> list[Phone]:
    """The phones of one utterance, in seconds of the whole sound."""
    if len(utterance.samples) < MIN_UTTERANCE_SAMPLES:
        return []
    network = recogniser()
    found = spikes(network.probabilities(utterance.samples), network.tokens, network.blank)
    levels = muffled_levels(utterance.samples)
    begins = [max(0.0, (spike.frame + 0.5) * FRAME_SECONDS - SPIKE_DELAY_SECONDS) for spike in found]
    placed = _in_a_row(_with_closures(_placed(found, begins, levels), levels))
    return [_moved(phone, utterance) for phone in placed if _seconds(phone) >= MIN_PHONE_SECONDS]


def _placed(found: Sequence[Spike], begins: Sequence[float], levels: Floats) -> list[Phone]:
    """Each phone from its begin to its end."""
    nexts = [*begins, float("inf")][1:]
    return [
        Phone(spike.name, begin, _end(spike.name, begin, following, levels))
        for spike, begin, following in zip(found, begins, nexts, strict=True)
    ]


def _end(name: str, begin: float, following: float, levels: Floats) -> float:
    if following - begin <= MAX_JOINED_SECONDS:
        return following
    longest = MAX_VOWEL_SECONDS if name in VOWELS else MAX_CONSONANT_SECONDS
    return min(following, begin + longest, _faded(begin, levels))


def _faded(begin: float, levels: Floats) -> float:
    """When the phone that begins then has faded away."""
    first = round(begin * STEPS_PER_SECOND)
    own = levels[first : first + round(MAX_VOWEL_SECONDS * STEPS_PER_SECOND)]
    if not len(own):
        return begin
    loudest = int(own[: round(MAX_JOINED_SECONDS * STEPS_PER_SECOND)].argmax())
    quiet = np.flatnonzero(own[loudest:] < own[loudest] - FADED_DB)
    faded = loudest + int(quiet[0]) if len(quiet) else len(own)
    return (first + faded) / STEPS_PER_SECOND


def _with_closures(placed: list[Phone], levels: Floats) -> list[Phone]:
    """With p, b and m where the sound says that the lips are shut; their neighbours make room."""
    for index, phone in enumerate(placed):
        if phone.name in BILABIALS:
            start, end = closure_near(levels, phone.start_seconds)
            earliest = placed[index - 1].start_seconds + MIN_PHONE_SECONDS if index else 0.0
            placed[index] = Phone(phone.name, max(earliest, start), end)
            _make_room(placed, index)
    return placed


def _make_room(placed: list[Phone], index: int) -> None:
    closure = placed[index]
    if index > 0:
        before = placed[index - 1]
        is_joined = closure.start_seconds - before.end_seconds < MIN_PHONE_SECONDS
        placed[index - 1] = before._replace(
            end_seconds=closure.start_seconds if is_joined else before.end_seconds
        )
    if index + 1 < len(placed):
        after = placed[index + 1]
        placed[index + 1] = after._replace(start_seconds=max(after.start_seconds, closure.end_seconds))


def _in_a_row(placed: list[Phone]) -> list[Phone]:
    """In the order of their begins, each ending where the next one begins, if not before."""
    ordered = sorted(placed, key=lambda phone: phone.start_seconds)
    nexts = [*(phone.start_seconds for phone in ordered), float("inf")][1:]
    return [
        phone._replace(end_seconds=min(phone.end_seconds, following))
        for phone, following in zip(ordered, nexts, strict=True)
    ]


def _moved(phone: Phone, utterance: Utterance) -> Phone:
    start, end = (utterance.start_seconds + seconds for seconds in phone[1:])
    return Phone(phone.name, start, min(end, utterance.start_seconds + utterance.seconds))


def _seconds(phone: Phone) -> float:
    return phone.end_seconds - phone.start_seconds
