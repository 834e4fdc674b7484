"""What a face in a video does, read back from its pixels by the mesh, and held against what was said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from app.config.settings import Settings
from tests.worker.engines.talking.synthesiser import Spoken
from tests.worker.engines.talking.voices import Samples
from worker.engines.talking.face import models
from worker.engines.talking.face.mesh import Mesh, around
from worker.engines.talking.face.networks import Points
from worker.engines.talking.motion.touches import LEAD_SECONDS
from worker.engines.talking.numerics.arrays import AnyFloats, Floats, Image, floats
from worker.video_format import FRAME_RATE

#: Mesh points of the inner lips' middle, and of the mouth's corners.
UPPER_LIP, LOWER_LIP, CORNERS = 13, 14, (61, 291)

#: Letters of the International Phonetic Alphabet; the first of a phoneme's tells its kind. The other
#: consonants are those that the lips have no part in.
BILABIALS, OPEN_VOWELS = "pbm", "aɑæɐʌ"
OTHER_CONSONANTS = "tdkɡgnŋɲθðszʃʒxχçhlɹɾʁrj"

#: What counts as the range of a video's openings; the lips are shut within so small a share of it.
RANGE_PERCENTILES, SHUT_SHARE = (5, 99), 0.06
#: An opening is above this share of it; a leap is more than so many half mouth widths from frame to frame.
OPEN_SHARE, LEAP = 0.1, 0.25
#: Leads that are tried.
LEADS_MS = range(-200, 201)
#: The envelope's window is as long as a frame; it is known so often.
ENVELOPE_SECONDS, ENVELOPE_HZ = 1 / FRAME_RATE, 1_000


class Lead(NamedTuple):
    """How far the mouth is ahead of the voice where they fit best, and how well they fit there."""

    milliseconds: int
    correlation: float


class Tightness(NamedTuple):
    """How open the mouth is in the middle of each phoneme of a kind, as shares of the video's range."""

    bilabials: list[float]
    open_vowels: list[float]
    other_consonants: list[float]

    def pooled(self, other: Tightness) -> Tightness:
        """Both together."""
        return Tightness(*(ours + theirs for ours, theirs in zip(self, other, strict=True)))


def openings(frames: Iterable[Image], points: AnyFloats) -> Floats:
    """The height between the lips in each frame, in half mouth widths; `points` are the picture's face's."""
    mesh = Mesh(models.read(Settings().face_model_dir, models.MESH))
    found, read = np.asarray(points, np.float64), []
    for frame in frames:
        _, found = mesh.look(frame, around(found))
        read.append(_opening(found))
    return floats(read)


def lead(opening: Floats, samples: Samples, rate: int) -> Lead:
    """Where the opening fits the voice's envelope best; both begin at the same moment."""
    envelope = _envelope(samples, rate)
    middles_ms = (np.arange(len(opening)) + 0.5) * 1_000 / FRAME_RATE
    heard = np.arange(len(envelope))
    fits = [
        float(np.corrcoef(opening, np.interp(middles_ms + ahead_ms, heard, envelope))[0, 1])
        for ahead_ms in LEADS_MS
    ]
    best = int(np.argmax(fits))
    return Lead(LEADS_MS[best], fits[best])


def tightness(opening: Floats, said: Sequence[Spoken]) -> Tightness:
    low, high = np.percentile(opening, RANGE_PERCENTILES)
    shares = floats((opening - low) / (high - low))
    return Tightness(
        *(
            [_shown_for(shares, one) for one in said if one.ipa and one.ipa[0] in letters]
            for letters in (BILABIALS, OPEN_VOWELS, OTHER_CONSONANTS)
        )
    )


def auc(tight: Sequence[float], loose: Sequence[float]) -> float:
    """The chance that one of `tight` is smaller than one of `loose`; half of it where they are equal."""
    return float(np.mean([(ours < other) + (ours == other) / 2 for ours in tight for other in loose]))


def shut(shares: Sequence[float]) -> float:
    """The share of them that counts as shut."""
    return float(np.mean([share < SHUT_SHARE for share in shares]))


def flashes(opening: Floats) -> float:
    """The share of the mouth's openings that last a single frame."""
    low, high = np.percentile(opening, RANGE_PERCENTILES)
    is_open = np.concatenate([[False], (opening - low) / (high - low) > OPEN_SHARE, [False]])
    edges = np.flatnonzero(np.diff(is_open.astype(int)))
    return float(np.mean(edges[1::2] - edges[::2] == 1))


def leaps(opening: Floats) -> float:
    """Steps of more than LEAP half mouth widths from frame to frame, per second."""
    return float((np.abs(np.diff(opening)) > LEAP).sum() * FRAME_RATE / len(opening))


def frame_at(seconds: float) -> float:
    """The frame, as a number that may lie between two, that shows what is heard then."""
    return (seconds - LEAD_SECONDS) * FRAME_RATE - 0.5


def _opening(points: Points) -> float:
    width = np.linalg.norm(points[CORNERS[0], :2] - points[CORNERS[1], :2])
    return float(2 * np.linalg.norm(points[UPPER_LIP, :2] - points[LOWER_LIP, :2]) / width)


def _envelope(samples: Samples, rate: int) -> Samples:
    """The voice's loudness (root mean square) around each millisecond."""
    sums = np.concatenate([[0], np.cumsum(samples**2)])
    middles = np.arange(0, len(samples), rate / ENVELOPE_HZ)
    half = ENVELOPE_SECONDS * rate / 2
    first, end = (np.clip(middles + way, 0, len(samples)).astype(int) for way in (-half, half))
    return np.asarray(np.sqrt((sums[end] - sums[first]) / (end - first)))


def _shown_for(opening: Floats, said: Spoken) -> float:
    middle = frame_at((said.start_seconds + said.end_seconds) / 2)
    return float(np.interp(middle, np.arange(len(opening)), opening))
