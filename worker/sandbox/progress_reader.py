"""What running programs have said so far: their progress and their last words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.scene import ReportShare

MAX_LAST_WORDS_BYTES = 32_768
#: Of a line that doesn't end, no more is kept than this.
MAX_LINE_BYTES = 4_096

#: When one of these changes, ffmpeg gets on.
SIGNS_OF_LIFE = frozenset({b"out_time_us", b"frame", b"total_size"})

#: What an engine that isn't ours says of its progress: a share between 0 and 1.
SHARE_LINE = re.compile(rb"progress (\d*\.?\d+)\s*")


class ProgressReader:
    """Reads what ffmpeg says to `-progress` and stderr, piece by piece.

    `report` is told the share of `expected_seconds` of output made so far; it never falls.
    """

    def __init__(self, expected_seconds: float | None, report: ReportShare | None) -> None:
        self._expected_seconds = expected_seconds
        self._report = report
        self._share = 0.0
        self._partial_line = b""
        self._last_words = b""
        self._facts: dict[bytes, bytes] = {}

    @property
    def stderr(self) -> str:
        """The end of what it said to a person."""
        return self._last_words.decode(errors="replace").strip()

    def take_stderr(self, chunk: bytes) -> bool:
        """Keeps the end. False: complaining is not getting on."""
        self._last_words = (self._last_words + chunk)[-MAX_LAST_WORDS_BYTES:]
        return False

    def take_progress(self, chunk: bytes) -> bool:
        """Reads the lines that are whole by now; returns whether the work got on."""
        *lines, partial_line = (self._partial_line + chunk).split(b"\n")
        self._partial_line = partial_line[-MAX_LINE_BYTES:]
        return self._read(lines)

    def _read(self, lines: Sequence[bytes]) -> bool:
        """Reads `key=value` lines."""
        facts = dict(line.split(b"=", 1) for line in lines if b"=" in line)
        got_on = any(self._facts.get(key) != facts[key] for key in SIGNS_OF_LIFE & facts.keys())
        self._facts |= facts
        self._tell_time(facts.get(b"out_time_us", b""))
        return got_on

    def finish(self) -> None:
        """All that there is has been made, however long it was expected to be."""
        self._tell(1.0)

    def _tell_time(self, microseconds: bytes) -> None:
        """Passes on how far it is; ffmpeg says N/A before the first packet."""
        if self._expected_seconds and microseconds.strip().isdigit():
            self._tell(int(microseconds) / 1e6 / self._expected_seconds)

    def _tell(self, share: float) -> bool:
        """Passes on a share that is larger than the one before; returns whether it was."""
        if min(1.0, share) <= self._share:
            return False
        self._share = min(1.0, share)
        if self._report:
            self._report(self._share)
        return True


class ShareFollower(ProgressReader):
    """Reads lines like `progress 0.42`; everything else that the program prints is passed over."""

    def _read(self, lines: Sequence[bytes]) -> bool:
        found = [match[1] for line in lines if (match := SHARE_LINE.fullmatch(line))]
        return self._tell(max(map(float, found), default=0.0))


class Shares:
    """Adds up what several programs have made so far, each of its weight."""

    def __init__(self, weights: Sequence[float], report: ReportShare | None) -> None:
        self._weights = [weight / sum(weights) for weight in weights]
        self._made = [0.0] * len(weights)
        self._report = report

    def of(self, index: int) -> ReportShare:
        """What the program of this index reports its own share to."""
        return lambda share: self._tell(index, share)

    def _tell(self, index: int, share: float) -> None:
        self._made[index] = self._weights[index] * share
        if self._report:
            self._report(min(1.0, sum(self._made)))
