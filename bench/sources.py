"""What every contender gets: a photograph of 1920x1080, and the example voice for as long as it shall be."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.lengths import decoded_seconds
from worker.sandbox.ffmpeg import executable

EXAMPLES = Path(__file__).parents[1] / "examples"

DEADLINE_SECONDS = 900

#: An hour of it is just below the 50 MiB that an upload may have.
BIT_RATE = "112k"

#: The portrait is small: grain makes a photograph of what is blown up.
PICTURE = (
    "scale=1920:1080:force_original_aspect_ratio=increase:flags=lanczos,crop=1920:1080,noise=c0s=5:c0_seed=1"
)

#: Two microphones in a quiet room: else both channels were the same, and silent above the voice's 8 kHz.
VOICE = "[0]aresample=44100,pan=stereo|c0=c0|c1=c0,adelay=0|7[voice]"
ROOM = "anoisesrc=color=pink:seed=1:amplitude=0.004:sample_rate=44100"
MIXED = "[voice][room]amix=normalize=0"
#: An MP3 that is looped has a gap in its times at each joint: samples count instead.
STEREO = f"{VOICE};[1]pan=stereo|c0=c0|c1=c0[room];{MIXED},asetpts=N/SR/TB,asplit[mp3][m4a]"


@dataclass(frozen=True)
class Source:
    """One upload. `seconds` is what its sound decodes to."""

    image: Path
    audio: Path
    seconds: float

    @property
    def kind(self) -> str:
        return self.audio.suffix.removeprefix(".").upper()


def made(folder: Path, seconds: int) -> tuple[Source, Source]:
    """The picture with an MP3 and with an M4A (AAC-LC), 44.1 kHz stereo, of `seconds` each."""
    image = folder / "picture.jpg"
    if not image.exists():
        _ffmpeg("-i", EXAMPLES / "portrait.jpg", "-vf", PICTURE, "-q:v", 2, image)
    mp3, m4a = folder / f"{seconds}.mp3", folder / f"{seconds}.m4a"
    as_mp3 = ("-map", "[mp3]", "-t", seconds, "-c:a", "libmp3lame", "-b:a", BIT_RATE, mp3)
    as_m4a = ("-map", "[m4a]", "-t", seconds, "-c:a", "aac", "-aac_coder", "fast", "-b:a", BIT_RATE, m4a)
    voice = ("-stream_loop", -1, "-i", EXAMPLES / "voice.mp3", "-f", "lavfi", "-i", ROOM)
    _ffmpeg(*voice, "-filter_complex", STEREO, *as_mp3, *as_m4a)
    first, second = (Source(image, path, decoded_seconds(path)) for path in (mp3, m4a))
    return first, second


def _ffmpeg(*arguments: object) -> None:
    argv = [executable(), "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(argv, check=True, timeout=DEADLINE_SECONDS)
