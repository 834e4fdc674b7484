"""The still video by MoviePy, as its users make it: `moviepy_still.py IMAGE AUDIO OUT`, by .venv-bench."""

from __future__ import annotations

import sys

from moviepy import AudioFileClip, ImageClip
from proglog import ProgressBarLogger


def main(image: str, audio: str, out: str) -> None:
    logger = ProgressBarLogger()

    def tell(bar: str, attribute: str, value: int, _before: int | None = None) -> None:
        if (bar, attribute) == ("frame_index", "index"):
            print(f"share {value / logger.bars[bar]['total']:.4f}", flush=True)

    logger.bars_callback = tell
    voice = AudioFileClip(audio)
    film = ImageClip(image).with_duration(voice.duration).with_audio(voice)
    film.write_videofile(out, fps=25, logger=logger)


if __name__ == "__main__":
    main(*sys.argv[1:])
