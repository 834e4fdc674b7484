"""What finished videos show, read back from their pixels: does the mouth do what the voice says?

    python -m bench.readback

A synthesiser reads a passage in each language and tells when each phoneme sounds; the engine makes a video of
it for each picture. Printed are, per video: the correlation of the opening read back with the one commanded;
how many ms the mouth is ahead of the voice where it fits its envelope best, and how well it fits there; of
the openings commanded the share of a single frame, and leaps per second; how often the lips are shut at p, b
and m, at open vowels and at other consonants; and the chance (AUC) that they come closer at p, b and m than
at the others. Then the largest movement that what is no speech makes.
"""

from __future__ import annotations

import tempfile
from functools import reduce
from pathlib import Path

import numpy as np

from tests.worker.engines.talking import voices
from tests.worker.engines.talking.films import Shown, shown
from tests.worker.engines.talking.portraits import shut_mouth, smile
from tests.worker.engines.talking.readback import Tightness, auc, flashes, lead, leaps, shut, tightness
from tests.worker.engines.talking.synthesiser import PASSAGES, Speech, speech
from worker.engines.talking.numerics.arrays import Image

PICTURES = {"smile": smile, "shut": shut_mouth}
NO_SPEECH = {"silence": voices.silence, "tone": voices.tone, "pink noise": voices.pink_noise}
NO_SPEECH_SECONDS = 4

COLUMNS = ("told r", "lead ms", "r", "flash %", "leaps/s", "p b m", "vowels", "others", "vowels", "others")


def header() -> str:
    return f"{'':16}{'':40}{'shut %':>24}{'AUC of p b m':>16}\n{'':16}" + "".join(
        f"{name:>8}" for name in COLUMNS
    )


def row(found: Shown, said: Speech, tight: Tightness) -> str:
    ahead = lead(found.read, said.samples, said.rate)
    return f"{found.obedience:8.2f}{ahead.milliseconds:8}{ahead.correlation:8.2f}{motion(found)}{lips(tight)}"


def motion(found: Shown) -> str:
    return f"{100 * flashes(found.commanded):8.1f}{leaps(found.commanded):8.2f}"


def lips(tight: Tightness) -> str:
    shares = "".join(f"{100 * shut(kind):8.0f}" for kind in tight)
    looser = (tight.open_vowels, tight.other_consonants)
    return shares + "".join(f"{auc(tight.bilabials, kind):8.2f}" for kind in looser)


def passages(name: str, picture: Image) -> Tightness:
    """Prints a row for each language; returns all their phonemes."""
    pool = []
    for language in PASSAGES:
        said = speech(language)
        with tempfile.TemporaryDirectory() as folder:
            found = shown(Path(folder), picture, said.samples, said.rate)
        pool.append(tightness(found.read, said.said))
        print(f"{name + ' ' + language:16}{row(found, said, pool[-1])}", flush=True)
    return reduce(Tightness.pooled, pool)


def stillness(picture: Image) -> None:
    for name, make in NO_SPEECH.items():
        with tempfile.TemporaryDirectory() as folder:
            found = shown(Path(folder), picture, make(NO_SPEECH_SECONDS))
        print(f"{name:16}{np.ptp(found.read):8.3f} half mouth widths is the largest movement")


def main() -> None:
    print(header())
    for name, portrait in PICTURES.items():
        pool = passages(name, portrait().picture)
        counts = ", ".join(str(len(kind)) for kind in pool)
        print(f"{name + ' all':16}{'':40}{lips(pool)}  ({counts} phonemes)")
    stillness(smile().picture)


if __name__ == "__main__":
    main()
