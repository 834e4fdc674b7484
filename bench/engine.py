"""One still video as a worker makes it, in a process of its own: `engine.py IMAGE AUDIO OUT`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.media.media_types import MediaType
from worker.execution.render import render
from worker.execution.stages import RenderConfig, Upload

TYPES = {".mp3": MediaType.MP3, ".m4a": MediaType.M4A}


def tell(_phase: Phase, share: float) -> None:
    print(f"share {share:.4f}", flush=True)


def main(image: Path, audio: Path, out: Path) -> None:
    settings = Settings()
    terms = RenderConfig(settings.max_image_pixels, settings.max_audio_seconds, settings.face_model_dir)
    upload = Upload(image, MediaType.JPEG, audio, TYPES[audio.suffix], RenderOptions(motion=Motion.STILL))
    with TemporaryDirectory(dir=out.parent) as folder:
        render(upload, Path(folder), terms, tell).path.rename(out)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
