"""How loud a sound is: integrated loudness and true peak (ITU-R BS.1770-5, gated as in EBU R 128).

ffmpeg's `ebur128` filter measures both; its true peak is that of a signal with four times the samples
(libavfilter/f_ebur128.c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from worker.sandbox.ffmpeg import CLOSED, local, run
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed
from worker.scene import ReportShare

#: Loudness is measured in blocks of this length; what is shorter has none.
BLOCK_SECONDS = 0.4

#: Quieter blocks don't count (BS.1770-5, annex 1). Where none counts, this is what the filter says.
GATE_LUFS = -70.0


@dataclass(frozen=True)
class Loudness:
    """In LUFS and in dB re full scale, as heard in all channels together; mono counts as one loudspeaker.

    `integrated_lufs` is None where there is nothing to measure; `true_peak_db` is -inf in digital silence.
    """

    integrated_lufs: float | None
    true_peak_db: float


def measure(path: Path, demuxer: str, seconds: float, report: ReportShare) -> Loudness:
    """The loudness of the file's sound track, which lasts so many seconds; to a tenth.

    Raises:
        What `process.run` does.
    """
    heard = ffmpeg.input(local(path), **CLOSED, f=demuxer)["a:0"]
    graph = heard.filter("ebur128", peak="true", framelog="quiet").output("-", f="null")
    bounds = Bounds(deadline_seconds=60 + seconds / 4)
    return _read(run(graph, bounds, expected_seconds=seconds, report=report, log_level="info"))


def _read(log: str) -> Loudness:
    loudness = re.search(r"^ +I: +(\S+) LUFS$", log, re.MULTILINE)
    peak = re.search(r"^ +Peak: +(\S+) dBFS$", log, re.MULTILINE)
    if loudness is None or peak is None:
        raise ProgramFailed(log)
    lufs = float(loudness[1])
    return Loudness(lufs if lufs > GATE_LUFS else None, float(peak[1]))
