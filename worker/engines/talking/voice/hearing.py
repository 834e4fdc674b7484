"""The phones of a voice, heard by up to a process per core: `python -m worker.engines.talking.voice.hearing
SOUND ... OUT`

Each of n hears every nth utterance. An utterance's phones depend on nothing but itself, so together they hear
what one process would. Never the worker's own: what reads strangers' sound is caged. Progress goes to stdout
as ffmpeg's would.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from worker.engines.talking.voice import features, phones, recogniser, utterances
from worker.engines.talking.voice.features import Features
from worker.engines.talking.voice.phones import Phone
from worker.sandbox import runner
from worker.sandbox.command import Command
from worker.sandbox.file_access import PYTHON, FileAccess
from worker.sandbox.resource_limits import CORES, Bounds
from worker.scene import ReportShare, Sound

#: NumPy maps much more than it uses.
ADDRESS_SPACE_BYTES = 6 << 30


@dataclass(frozen=True)
class Hearing:
    """All that is heard of a voice; `phones` is None where no recogniser is installed."""

    features: Features
    phones: list[Phone] | None


def hear(sound: Sound, folder: Path, report: ReportShare, cores: int = CORES) -> Hearing:
    """A voice's features, and its phones if they can be recognised. Writes to `folder`.

    Raises:
        What `process.run` does.
    """
    heard = recognised(sound, folder, report, cores) if recogniser.is_available() else None
    return Hearing(features.listen(sound), heard)


def recognised(sound: Sound, folder: Path, report: ReportShare, cores: int = CORES) -> list[Phone]:
    """What `phones.recognise` hears, by a process per core. Writes to `folder`.

    Raises:
        What `process.run` does.
    """
    parts = min(cores, utterances.least_count(sound))
    paths = [folder / f"phones{part}.json" for part in range(parts)]
    runner.run_all([_command(sound, part, parts, path) for part, path in enumerate(paths)], report)
    heard = [Phone(*phone) for path in paths for phone in json.loads(path.read_text())]
    return sorted(heard, key=lambda phone: phone.start_seconds)


def _command(sound: Sound, part: int, parts: int, path: Path) -> Command:
    numbers = (sound.sample_rate, sound.channels, sound.samples, part, parts)
    return Command(
        [
            sys.executable,
            "-m",
            "worker.engines.talking.voice.hearing",
            str(sound.path),
            *map(str, numbers),
            str(path),
        ],
        Bounds(deadline_seconds=60 + sound.duration_seconds, address_space_bytes=ADDRESS_SPACE_BYTES),
        expected_seconds=sound.duration_seconds,
        file_access=FileAccess((*PYTHON, sound.path), (path.parent,)),
    )


def main(arguments: list[str]) -> None:
    sound_path, *numbers, out = arguments
    sample_rate, channels, samples, part, parts = map(int, numbers)
    sound = Sound(Path(sound_path), sample_rate, channels, samples)
    heard = phones.recognise(sound, lambda share: _tell(share * sound.duration_seconds), part, parts)
    Path(out).write_text(json.dumps(heard))


def _tell(seconds: float) -> None:
    print(f"out_time_us={round(seconds * 1_000_000)}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
