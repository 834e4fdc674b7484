"""Pictures and sounds to render, made with Pillow, the wheel's ffmpeg and the standard library."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 40), (30, 40, 200), (255, 255, 255)

#: A tone per channel, so that channels can be told apart; `{}` takes the channel's number.
TONE = "0.3*sin(2*PI*(300+110*{})*t)"


def ffmpeg(*arguments: str | Path) -> None:
    """Runs the wheel's ffmpeg and expects it to succeed."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=60)


def patches(width: int = 384, height: int = 288) -> Image.Image:
    """Red above left, green above right, blue below left, white below right."""
    image = Image.new("RGB", (width, height), WHITE)
    half = (width // 2, height // 2)
    image.paste(RED, (0, 0, *half))
    image.paste(GREEN, (half[0], 0, width, half[1]))
    image.paste(BLUE, (0, half[1], half[0], height))
    return image


def wav_bytes(
    pcm: bytes,
    *,
    channels: int = 1,
    sample_rate: int = 44_100,
    bits: int = 16,
    claimed_bytes: int | None = None,
    form: int = 1,
) -> bytes:
    """A WAV file whose data chunk claims `claimed_bytes`, by default its true size."""
    size = len(pcm) if claimed_bytes is None else claimed_bytes
    block = channels * bits // 8
    head = struct.pack("<HHIIHH", form, channels, sample_rate, sample_rate * block, block, bits)
    riff_size = min(0xFFFFFFFF, 36 + size)
    return (
        struct.pack("<4sI4s4sI", b"RIFF", riff_size, b"WAVE", b"fmt ", 16)
        + head
        + struct.pack("<4sI", b"data", size)
        + pcm
    )


class Samples:
    """Makes each sample once; `folder` is the session's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tones: dict[str, tuple[object, ...]] = {}

    def picture(self, name: str = "patches.png") -> Path:
        path = self.folder / name
        if not path.exists():
            patches().save(path)
        return path

    def written(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def tone(
        self, name: str, *options: str, seconds: float = 2, rate: int = 44_100, layout: str = "stereo"
    ) -> Path:
        """A tone per channel of `layout`, encoded as `name` and `options` say."""
        path = self.folder / name
        wanted = (options, seconds, rate, layout)
        assert self._tones.setdefault(name, wanted) == wanted, f"another tone is called {name}"
        if not path.exists():
            channels = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8}[layout]
            tones = "|".join(TONE.format(number) for number in range(channels))
            source = f"aevalsrc=exprs={tones}:s={rate}:d={seconds}:c={layout}"
            ffmpeg("-f", "lavfi", "-i", source, *options, path)
        return path

    def cut(self, source: Path, share: float) -> Path:
        """The first part of `source`."""
        content = source.read_bytes()
        return self.written(f"cut-{share}-{source.name}", content[: int(len(content) * share)])
