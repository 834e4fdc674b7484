"""What a sound file is: what a decoder puts out is more to be trusted than what a header says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from worker.sandbox.ffmpeg import local, run
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed

#: Names of the layouts that are kept.
LAYOUTS = ("mono", "stereo")

#: Samples per second that are kept.
RATES = (44_100, 48_000)


@dataclass(frozen=True)
class Probe:
    """What the first decoded samples are, and the length to expect: claimed, estimated or unknown.

    `tick` is the unit of the file's own times: a fraction of a second, as text.
    """

    sample_rate: int
    layout: str
    tick: str
    expected_seconds: float | None
    is_estimate: bool
    is_aac_lc: bool = False

    @property
    def is_mono(self) -> bool:
        return self.layout == "mono" or self.layout.startswith("1 channels")

    @property
    def kept_channels(self) -> int:
        """Mono stays mono, everything else becomes stereo."""
        return 1 if self.is_mono else 2

    @property
    def nameless_channels(self) -> int:
        """How many channels there are, where nothing says what each is; else 0."""
        match = re.fullmatch(r"(\d+) channels", self.layout)
        return int(match[1]) if match and not self.is_mono else 0

    @property
    def kept_rate(self) -> int:
        """Multiples and parts of 44.1 kHz become 44.1 kHz, all other rates 48 kHz."""
        return RATES[0] if self.sample_rate % 11_025 == 0 else RATES[1]

    @property
    def keeps_its_samples(self) -> bool:
        """Whether they go on as they were decoded, neither mixed nor resampled."""
        return self.sample_rate == self.kept_rate and self.layout in LAYOUTS

    @property
    def ticks_samples(self) -> bool:
        """Whether the file's times tell each sample from the next."""
        return self.tick == f"1/{self.sample_rate}"


def probed(opened: Any, folder: Path) -> Probe:
    """Takes the first packet as it is, and decodes the first frame. `folder` is scratch space.

    Raises:
        ProgramFailed: there is none.
        ChildKilled: a child process died of a signal.
    """
    packet, frame = folder / "packet.txt", folder / "frame.txt"
    graph = ffmpeg.merge_outputs(_first(opened, packet, "copy"), _first(opened, frame, "pcm_s16le"))
    log = run(graph, Bounds(deadline_seconds=60), log_level="info")
    facts = _facts(frame)
    if "sample_rate" not in facts:
        raise ProgramFailed(log)
    return Probe(
        int(facts["sample_rate"]),
        facts["channel_layout_name"],
        _facts(packet).get("tb", ""),
        *_expected_length(log),
        is_aac_lc=re.findall(r"Audio: (\S+ \S+)", log)[:1] == ["aac (LC)"],
    )


def _first(opened: Any, path: Path, codec: str) -> Any:
    return ffmpeg.output(opened["a:0"], local(path), f="framecrc", acodec=codec, **{"frames:a": 1})


def _facts(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^#(\w+) 0: (.+)$", path.read_text(), re.MULTILINE))


def _expected_length(log: str) -> tuple[float | None, bool]:
    """Seconds, and whether ffmpeg only guessed them from the bit rate."""
    match = re.search(r"Duration: (\d+):(\d\d):(\d\d\.\d+)", log)
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None
    return seconds, "Estimating duration" in log
