"""What a running ffmpeg has said so far: its progress and its last words."""

from __future__ import annotations

from worker.scene import ReportShare

MAX_LAST_WORDS_BYTES = 32_768

#: When one of these changes, ffmpeg gets on.
SIGNS_OF_LIFE = frozenset({b"out_time_us", b"frame", b"total_size"})


class Follower:
    """Reads what `-progress` and stderr say, piece by piece.

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
        """The end of what ffmpeg said to a person."""
        return self._last_words.decode(errors="replace").strip()

    def take_stderr(self, chunk: bytes) -> bool:
        """Keeps the end. False: complaining is not getting on."""
        self._last_words = (self._last_words + chunk)[-MAX_LAST_WORDS_BYTES:]
        return False

    def take_progress(self, chunk: bytes) -> bool:
        """Reads `key=value` lines; returns whether the work got on."""
        *lines, self._partial_line = (self._partial_line + chunk).split(b"\n")
        facts = dict(line.split(b"=", 1) for line in lines if b"=" in line)
        got_on = any(self._facts.get(key) != facts[key] for key in SIGNS_OF_LIFE & facts.keys())
        self._facts |= facts
        self._tell(facts.get(b"out_time_us", b""))
        return got_on

    def finish(self) -> None:
        """All that there is has been made, however long it was expected to be."""
        if self._report and self._share < 1:
            self._share = 1.0
            self._report(1.0)

    def _tell(self, microseconds: bytes) -> None:
        """Passes on how far it is; ffmpeg says N/A before the first packet."""
        if not (self._report and self._expected_seconds and microseconds.strip().isdigit()):
            return
        share = min(1.0, int(microseconds) / 1e6 / self._expected_seconds)
        if share > self._share:
            self._share = share
            self._report(share)
