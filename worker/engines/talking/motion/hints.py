"""What the features alone say of the mouth: in any language, without phones. It never shuts for p, b and m.

Apertures and corner shifts are in half mouth widths, at 100 Hz.
"""

from __future__ import annotations

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.numerics.smoothing import gaussian
from worker.engines.talking.voice.features import Features

#: A vowel's aperture by the first formant: closed, and how much an open one adds.
CLOSED_APERTURE, OPEN_APERTURE_GAIN = 0.14, 0.46
#: The share of it that the quietest speech has; the rest grows with loudness.
QUIET_SHARE = 0.35
#: From this loudness on, vowels (fricatives, corner shifts) are what they are.
FULL_VOWEL_LOUDNESS, FULL_FRICATIVE_LOUDNESS, FULL_CORNER_LOUDNESS = 0.25, 0.1, 0.2

#: Hiss that begins to be a fricative; so much more, and it is nothing else. What the mouth then does.
MIN_HISS, HISS_SPAN = 0.25, 0.3
FRICATIVE_APERTURE, FRICATIVE_CORNER = 0.13, 0.04

#: `Features.frontness` of a vowel that is neither front nor back, and how far from there the ends are.
NEUTRAL_FRONTNESS, FRONTNESS_SPAN = -1.1, 1.1
#: Corner shifts of front (spread) and back (rounded) vowels; an open vowel rounds the less by this share.
SPREAD_CORNER, ROUNDED_CORNER, OPEN_ROUNDING_LOSS = 0.11, -0.24, 0.6

#: The aperture of full loudness, for a mouth that follows loudness alone.
LOUD_APERTURE = 0.6

#: Standard deviations of the smoothing, in hops.
APERTURE_SIGMA, CORNER_SIGMA, LOUD_SIGMA = 2.2, 4.0, 2.5


def aperture(features: Features) -> Floats:
    """How far the mouth opens, by formants, loudness and hiss."""
    strength = QUIET_SHARE + (1 - QUIET_SHARE) * features.loudness
    vowel = heard_vowel_aperture(features) * strength
    fricative = FRICATIVE_APERTURE * _up_to(FULL_FRICATIVE_LOUDNESS, features)
    share = _fricative_share(features)
    return gaussian(vowel * (1 - share) + fricative * share, APERTURE_SIGMA) * features.gate


def heard_vowel_aperture(features: Features) -> Floats:
    """A vowel's aperture, by the first formant; 0 in silence."""
    open_by = CLOSED_APERTURE + OPEN_APERTURE_GAIN * features.openness
    return floats(open_by * _up_to(FULL_VOWEL_LOUDNESS, features))


def corner(features: Features) -> Floats:
    """How far the corners move: out for front vowels, in for back ones."""
    share = _fricative_share(features)
    front = np.clip((features.frontness - NEUTRAL_FRONTNESS) / FRONTNESS_SPAN, -1, 1)
    spread = SPREAD_CORNER * np.clip(front, 0, 1) * (1 - features.openness)
    rounded = ROUNDED_CORNER * np.clip(-front, 0, 1) * (1 - OPEN_ROUNDING_LOSS * features.openness)
    vowel = (spread + rounded) * _up_to(FULL_CORNER_LOUDNESS, features)
    return gaussian(vowel * (1 - share) + FRICATIVE_CORNER * share, CORNER_SIGMA) * features.gate


def loud_aperture(features: Features) -> Floats:
    """The aperture of a mouth that knows nothing but loudness."""
    return gaussian(LOUD_APERTURE * features.loudness, LOUD_SIGMA) * np.float32(features.aliveness)


def _fricative_share(features: Features) -> Floats:
    return floats(np.clip((features.hiss - MIN_HISS) / HISS_SPAN, 0, 1))


def _up_to(loudness: float, features: Features) -> Floats:
    """0 in silence, 1 from this loudness on."""
    return floats(np.clip(features.loudness / loudness, 0, 1))
