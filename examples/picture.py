"""Makes the picture the README opens with: seconds of a video as a small animated WebP.

python examples/picture.py demo.mp4 examples/talking.webp
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

START_SECONDS, SECONDS = 0.4, 4.0
FRAMES_PER_SECOND, WIDTH = 12.5, 320
QUALITY = 60


def main(video: str, picture: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        extract(video, Path(folder))
        first, *rest = (Image.open(path) for path in sorted(Path(folder).glob("*.png")))
        first.save(
            picture,
            save_all=True,
            append_images=rest,
            duration=round(1000 / FRAMES_PER_SECOND),
            loop=0,
            quality=QUALITY,
            method=6,
        )
    print(f"{picture}: {1 + len(rest)} frames, {Path(picture).stat().st_size / 1000:.0f} kB")


def extract(video: str, folder: Path) -> None:
    filters = f"fps={FRAMES_PER_SECOND},scale={WIDTH}:-1:flags=lanczos"
    cut = ["-ss", str(START_SECONDS), "-t", str(SECONDS)]
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"]
    frames = str(folder / "%03d.png")
    subprocess.run([*ffmpeg, "-i", video, *cut, "-vf", filters, frames], check=True, timeout=60)


if __name__ == "__main__":
    main(*sys.argv[1:])
