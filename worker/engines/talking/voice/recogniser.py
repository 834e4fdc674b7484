"""The phone recogniser: `hama`'s acoustic network, whose weights come with its package.

A CTC network (Graves et al. 2006): at every frame it gives the chance that a phone is being told there, and
mostly that none is. An optional part: `is_available()` says whether it is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats

try:
    from hama.asr import ASRModel
except ImportError:
    ASRModel = None

FRAME_SECONDS = 0.02


class Recogniser:
    """The network, and its `tokens`: letters of the International Phonetic Alphabet, and some marks."""

    def __init__(self, model: Any) -> None:
        self._session = model.session
        self.tokens: Sequence[str] = model.decoder_tokens
        self.blank: int = model.blank_id

    def probabilities(self, samples: Floats) -> Floats:
        """Of each token in each frame, (frames, tokens), for 16 kHz mono between -1 and 1."""
        waveform = {"waveform": samples[None], "waveform_lengths": np.array([len(samples)])}
        log_probabilities, lengths = self._session.run(["log_probs", "out_lengths"], waveform)
        return floats(np.exp(log_probabilities[0][: int(lengths[0])]))


def is_available() -> bool:
    """Whether `recogniser` can be called."""
    return ASRModel is not None


@cache
def recogniser() -> Recogniser:
    """The one of this process."""
    return Recogniser(ASRModel())
