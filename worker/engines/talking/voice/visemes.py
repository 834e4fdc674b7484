"""What the mouth does for each phone: targets as data, in half mouth widths.

The phones are letters of the International Phonetic Alphabet. The grouping follows what lipreaders can tell
apart (Fisher 1968); the figures were set by eye and ear.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple


class Shape(NamedTuple):
    """A target of the mouth.

    `aperture` is the height between the lips; `corner` how far the corners move, outwards if positive,
    inwards (rounded) if negative; both in half mouth widths. `weight` is how much its neighbours must yield.
    `bite` (lower lip under the teeth) and `tongue` (raised and seen) are 0 or 1.
    """

    aperture: float
    corner: float
    weight: float = 1.0
    bite: float = 0.0
    tongue: float = 0.0


#: Vowels; a diphthong has two targets.
VOWELS: dict[str, tuple[Shape, ...]] = {
    "a": (Shape(0.60, 0.00),),
    "aɪ": (Shape(0.58, 0.00), Shape(0.26, 0.07)),
    "aʊ": (Shape(0.56, -0.02), Shape(0.24, -0.22)),
    "e": (Shape(0.34, 0.08),),
    "eɪ": (Shape(0.38, 0.07), Shape(0.24, 0.10)),
    "i": (Shape(0.22, 0.11),),
    "o": (Shape(0.36, -0.20),),
    "oʊ": (Shape(0.42, -0.17), Shape(0.20, -0.25)),
    "u": (Shape(0.17, -0.27),),
    "y": (Shape(0.16, -0.25),),
    "æ": (Shape(0.54, 0.06),),
    "ø": (Shape(0.28, -0.20),),
    "œ": (Shape(0.38, -0.16),),
    "ɑ": (Shape(0.60, -0.02),),
    "ɔ": (Shape(0.48, -0.15),),
    "ɔɪ": (Shape(0.42, -0.20), Shape(0.25, 0.06)),
    "ə": (Shape(0.28, 0.00),),
    "ɛ": (Shape(0.44, 0.05),),
    "ɝ": (Shape(0.27, -0.11),),
    "ɪ": (Shape(0.27, 0.06),),
    "ɯ": (Shape(0.20, 0.06),),
    "ʊ": (Shape(0.26, -0.17),),
    "ʌ": (Shape(0.40, 0.00),),
}

#: The share of a diphthong that its first target has.
DIPHTHONG_SHARE = 0.55

CONSONANTS: dict[str, Shape] = {
    "b": Shape(0.00, 0.00, 3.0),
    "d": Shape(0.16, 0.02, 0.6, tongue=1),
    "d͡ʒ": Shape(0.16, -0.12, 1.4),
    "f": Shape(0.05, 0.02, 2.5, bite=1),
    "g": Shape(0.22, 0.00, 0.4),
    "h": Shape(0.30, 0.00, 0.15),
    "j": Shape(0.19, 0.08, 0.8),
    "k": Shape(0.22, 0.00, 0.4),
    "l": Shape(0.26, 0.00, 0.5, tongue=1),
    "m": Shape(0.00, 0.00, 3.0),
    "n": Shape(0.17, 0.02, 0.5, tongue=1),
    "p": Shape(0.00, 0.00, 3.0),
    "r": Shape(0.20, 0.00, 0.6, tongue=1),
    "s": Shape(0.12, 0.05, 1.4),
    "t": Shape(0.15, 0.02, 0.6, tongue=1),
    "t͡ʃ": Shape(0.16, -0.12, 1.4),
    "v": Shape(0.05, 0.02, 2.5, bite=1),
    "w": Shape(0.11, -0.27, 1.6),
    "x": Shape(0.22, 0.00, 0.4),
    "z": Shape(0.13, 0.05, 1.3),
    "ð": Shape(0.18, 0.02, 0.7, tongue=1),
    "ŋ": Shape(0.20, 0.02, 0.5),
    "ɥ": Shape(0.12, -0.25, 1.4),
    "ɹ": Shape(0.19, -0.14, 0.8),
    "ʃ": Shape(0.18, -0.13, 1.4),
    "ʒ": Shape(0.18, -0.13, 1.3),
    "θ": Shape(0.17, 0.02, 0.9, tongue=1),
}

#: The lips must meet.
BILABIALS = frozenset({"b", "m", "p"})
#: The lower lip must meet the upper teeth.
LABIODENTALS = frozenset({"f", "v"})

#: The tie of an affricate, and letters that only colour the one before them.
TIE, MARKS = "\u0361", "ʰʱʲʷˀˤᵝ"

#: Letters whose lips look like those of one in the tables.
ALIASES = {
    "c": "k", "ɟ": "g", "ɡ": "g", "ɢ": "g", "q": "k", "ɣ": "x", "χ": "x", "ħ": "x",
    "ʁ": "x", "ʀ": "x", "ç": "j", "ʝ": "j", "ʎ": "l", "ɫ": "l", "ɮ": "l", "ɲ": "n",
    "ɴ": "ŋ", "ɾ": "t", "ɽ": "r", "ɻ": "ɹ", "ɖ": "d", "ʈ": "t", "ɗ": "d", "t͡ɕ": "t͡ʃ",
    "ɕ": "ʃ", "ʂ": "ʃ", "ʑ": "ʒ", "ʐ": "ʒ", "ɦ": "h", "ɱ": "m", "ɓ": "b", "ʙ": "b",
    "β": "b", "ɸ": "f", "ʋ": "v", "ɰ": "x", "ɐ": "ʌ", "ɒ": "ɔ", "ɘ": "ə", "ɚ": "ɝ",
    "ɜ": "ɝ", "ɤ": "ʌ", "ɨ": "ɪ", "ɵ": "ø", "ʉ": "u", "ʏ": "y", "ᵊ": "ə", "eə": "ɛ",
    "ɪə": "ɪ", "ja": "a", "je": "e", "jo": "o", "ju": "u", "jʌ": "ʌ", "wa": "a", "we": "e",
    "wi": "i", "wʌ": "ʌ", "ɯi": "ɯ",
}  # fmt: skip

#: The mouth at rest, in a pause.
REST = Shape(0.00, 0.00, 0.6)
#: A gap inside speech: some stop's closure, not a pause.
GAP = Shape(0.07, 0.00, 0.4)
MAX_GAP_SECONDS = 0.13


def phone_named(token: str) -> str:
    """The phone of the tables that a token of the International Phonetic Alphabet looks like on the lips.

    "" where it is none: a tone, a length, a mark of punctuation.
    """
    for name in (token, _plain(token)):
        found = ALIASES.get(name, name)
        if found in VOWELS or found in CONSONANTS:
            return found
    return ""


def _plain(token: str) -> str:
    """Without marks above, below or after it, but for the tie of an affricate."""
    letters = unicodedata.normalize("NFD", token)
    return "".join(
        letter for letter in letters if letter == TIE or (letter.isalpha() and letter not in MARKS)
    )
