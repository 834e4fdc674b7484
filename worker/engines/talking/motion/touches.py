"""When a lip touches the other or the teeth, in whole frames of the video: nobody sees less."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from worker.engines.talking.motion.targets import span
from worker.engines.talking.numerics.arrays import Flags, Floats, floats
from worker.engines.talking.voice.phones import Phone
from worker.engines.talking.voice.waveform import HOPS_PER_SECOND
from worker.video_format import FRAME_RATE

HOPS_PER_FRAME = HOPS_PER_SECOND // FRAME_RATE
#: A frame is the mean of HOPS_PER_FRAME hops, the first frame of those that begin with this one: what it
#: shows is what is heard LEAD_SECONDS after its middle.
LEAD_HOPS = 5
LEAD_SECONDS = (LEAD_HOPS - 0.5) / HOPS_PER_SECOND

#: A touch lasts as many frames as the phone, but within these.
MIN_FRAMES, MAX_FRAMES = 2, 4
#: No touch where nothing so near is as loud as this: in a pause the recogniser is not trusted.
REACH_HOPS, MIN_LOUDNESS = 15, 0.08


@dataclass(frozen=True)
class Touches:
    """Where lips touch: flags at 100 Hz."""

    hops: Flags

    def frames(self, count: int) -> Flags:
        """Flags of the frames that are all touch."""
        return np.asarray(averaged(floats(self.hops), count) == 1)


def touches(phones: Sequence[Phone], names: Set[str], loudness: Floats) -> Touches:
    """Those of the phones of these names, each in whole frames around its middle."""
    hops = np.zeros(len(loudness), np.bool_)
    for start, end in (span(phone) for phone in phones if phone.name in names):
        if loudness[max(0, start - REACH_HOPS) : end + REACH_HOPS].max(initial=0) >= MIN_LOUDNESS:
            first, last = _whole_frames(start, end)
            hops[max(0, first) : max(0, last)] = True
    return Touches(hops)


def averaged(track: Floats, frames: int) -> Floats:
    """A 100 Hz track in frames, the mean over each; it ends on its last value."""
    wanted = LEAD_HOPS + frames * HOPS_PER_FRAME
    held = np.pad(track, (0, max(0, wanted - len(track))), mode="edge")
    return floats(held[LEAD_HOPS:wanted].reshape(frames, HOPS_PER_FRAME).mean(axis=1))


def _whole_frames(start: int, end: int) -> tuple[int, int]:
    """The hops, from and to, of the whole frames that cover a phone best."""
    count = min(max(round((end - start) / HOPS_PER_FRAME), MIN_FRAMES), MAX_FRAMES)
    middle = (start + end) / 2 - LEAD_HOPS
    first = round(middle / HOPS_PER_FRAME - count / 2)
    return LEAD_HOPS + first * HOPS_PER_FRAME, LEAD_HOPS + (first + count) * HOPS_PER_FRAME
