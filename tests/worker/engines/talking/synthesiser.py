"""A real synthesiser that tells when each of its phonemes sounds: eSpeak NG, driven through its C interface.

The constants and the event are those of `espeak-ng/speak_lib.h`, revision 12. The library keeps one voice for
the whole process: not for two threads at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

import espeakng_loader
import numpy as np

from tests.worker.engines.talking.voices import Samples

SYNCHRONOUS = 2
PHONEME_EVENTS, AS_IPA, DONT_EXIT = 0x0001, 0x0002, 0x8000
UTF_8 = 1
#: Types of events: the last of a list, and the begin of a phoneme.
LIST_TERMINATED, PHONEME = 0, 7
STRESS_MARKS = "ˈˌ"

#: Unvoiced plosives are told at their burst; so long before it the synthesiser is silent, the passage closed.
UNVOICED_PLOSIVES, CLOSURE_SECONDS = "ptk", 0.05

#: The first sentence of Aesop's "The North Wind and the Sun", which phoneticians have read in every language;
#: then one with more of p, b and m.
PASSAGES = {
    "en-us": "The North Wind and the Sun were disputing which was the stronger, when a traveler came along"
    " wrapped in a warm cloak. Bob may hum, but Peter brings the empty paper bag back to my mother by"
    " the pond.",
    "de": "Einst stritten sich Nordwind und Sonne, wer von ihnen beiden wohl der Stärkere wäre, als ein"
    " Wanderer, der in einen warmen Mantel gehüllt war, des Weges daherkam. Peter probiert im"
    " Park eine blaue Pumpe, und Mama backt am Abend ein Brot.",
    "fr": "La bise et le soleil se disputaient, chacun assurant qu'il était le plus fort, quand ils ont vu"
    " un voyageur qui s'avançait, enveloppé dans son manteau. Papa me montre un beau bateau, et maman"
    " prépare la pomme avec du beurre.",
    "cmn": "有一回,北风跟太阳正在那儿争论谁的本领大。说着说着,来了一个过路的,身上穿了一件厚袍子。"
    "妈妈买苹果,爸爸买面包,明天我们跑步爬山。",
}


class Spoken(NamedTuple):
    """A phoneme in the letters of the International Phonetic Alphabet, without stress; and when it sounds."""

    ipa: str
    start_seconds: float
    end_seconds: float


class Speech(NamedTuple):
    """`samples` between -1 and 1 at `rate`, mono, and what is said in them; a pause is an empty `ipa`."""

    samples: Samples
    rate: int
    said: Sequence[Spoken]


class Part(NamedTuple):
    """From and to, of one speech among others."""

    start_seconds: float
    end_seconds: float


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def speech(language: str, text: str = "") -> Speech:
    """`text`, or the language's own of PASSAGES, in the language's default voice."""
    library, rate = _library()
    parts: list[bytes] = []
    begins: list[tuple[str, int]] = []

    def take(samples: Any, count: int, events: Any) -> int:
        if samples:
            parts.append(ctypes.string_at(samples, 2 * count))
        begins.extend(_phonemes(events))
        return 0

    callback = _Callback(take)
    library.espeak_SetSynthCallback(callback)
    assert library.espeak_SetVoiceByName(language.encode()) == 0
    words = (text or PASSAGES[language]).encode()
    assert library.espeak_Synth(words, len(words) + 1, 0, 1, 0, UTF_8, None, None) == 0
    pcm = np.frombuffer(b"".join(parts), "<i2")
    return Speech(pcm / 32_768, rate, _spans([*begins, ("", len(pcm))], rate))


def one_after_the_other(speeches: Sequence[Speech], pause_seconds: float) -> tuple[Speech, list[Part]]:
    """All of them in one voice, with a pause before, between and after them; and when each is heard."""
    rate = speeches[0].rate
    pause = np.zeros(round(pause_seconds * rate))
    samples, said, parts = pause, list[Spoken](), list[Part]()
    for each in speeches:
        begin = len(samples) / rate
        said += [Spoken(ipa, start + begin, end + begin) for ipa, start, end in each.said]
        parts.append(Part(begin, begin + len(each.samples) / rate))
        samples = np.concatenate([samples, each.samples, pause])
    return Speech(samples, rate, said), parts


@cache
def _library() -> tuple[Any, int]:
    """The library, set up once, and its sample rate."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    options = PHONEME_EVENTS | AS_IPA | DONT_EXIT
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), options)
    assert rate > 0
    return library, rate


def _phonemes(events: Any) -> list[tuple[str, int]]:
    """The names of the phonemes that begin, and the samples at which they do."""
    found, index = [], 0
    while events[index].type != LIST_TERMINATED:
        if events[index].type == PHONEME:
            # Eight bytes may cut a long name within a letter; its begin is all that is needed.
            name = events[index].id.string.decode(errors="ignore").lstrip(STRESS_MARKS)
            found.append((name, events[index].sample))
        index += 1
    return found


def _spans(begins: Sequence[tuple[str, int]], rate: int) -> list[Spoken]:
    moved = [(ipa, max(0.0, sample / rate - _closure_seconds(ipa))) for ipa, sample in begins]
    return [Spoken(ipa, start, end) for (ipa, start), (_, end) in pairwise(moved) if end > start]


def _closure_seconds(ipa: str) -> float:
    return CLOSURE_SECONDS if ipa and ipa[0] in UNVOICED_PLOSIVES else 0.0
