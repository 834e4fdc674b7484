"""The still engine beside the ffmpeg command that everybody knows, by the same ffmpeg."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.media.media_types import MediaType
from tests.support.media_samples import ffmpeg
from tests.support.paths import PORTRAIT
from tests.worker.scenes import nobody, scene_of
from worker.engines.still import still
from worker.scene import Picture, Scene
from worker.video_format import FRAME_RATE

SECONDS = 4
SIDE = 400


def portrait(folder: Path) -> Path:
    return PORTRAIT


def grainy(folder: Path) -> Path:
    """The portrait as a camera sees it by night."""
    with Image.open(PORTRAIT) as opened:
        pixels = np.asarray(opened.convert("RGB").resize((SIDE, SIDE)), np.float64)
    grain = np.random.default_rng(1).normal(0, 12, pixels.shape)
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(folder / "grainy.png")
    return folder / "grainy.png"


def flat(folder: Path) -> Path:
    Image.new("RGB", (SIDE, SIDE), (90, 140, 60)).save(folder / "flat.png")
    return folder / "flat.png"


def lasting(scene: Scene, seconds: float) -> Scene:
    sound = replace(scene.sound, samples=round(seconds * scene.sound.sample_rate))
    return replace(scene, sound=sound)


def one_liner(image: Path, folder: Path) -> Path:
    path, silence = folder / "one-liner.mp4", f"anullsrc=d={SECONDS}"
    given = ("-loop", "1", "-i", image, "-f", "lavfi", "-i", silence)
    video = ("-c:v", "libx264", "-tune", "stillimage", "-pix_fmt", "yuv420p")
    ffmpeg(*given, *video, "-c:a", "aac", "-b:a", "192k", "-shortest", path)
    return path


def packets(path: Path) -> list[av.Packet[av.VideoStream]]:
    with av.open(str(path)) as film:
        return [packet for packet in film.demux(video=0) if packet.size]


def bytes_of(path: Path) -> int:
    """What the video track takes for the first SECONDS: the other one overshoots."""
    return sum(packet.size for packet in packets(path)[: SECONDS * FRAME_RATE])


def similarity(path: Path, picture: Picture, matrix: str) -> float:
    """SSIM of the first frame and the picture, which is put into the video's colours by their `matrix`."""
    listing = path.with_suffix(".ssim")
    frame = "[0:v]trim=end_frame=1,setpts=0,format=yuv420p[frame]"
    precisely = "flags=accurate_rnd+full_chroma_int"
    wanted = f"[1:v]scale=out_color_matrix={matrix}:out_range=tv:{precisely},format=yuv420p,setpts=0[wanted]"
    graph = f"{frame};{wanted};[frame][wanted]ssim=stats_file='{listing.name}'"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(listing.parent)
        ffmpeg("-i", path, "-i", picture.path, "-lavfi", graph, "-f", "null", "-")
    (found,) = re.findall(r"All:(\S+)", listing.read_text())
    return float(found)


@pytest.mark.parametrize("image", [portrait, grainy, flat])
def test_it_is_near_to_the_picture_and_nearer_than_the_one_liner_for_little_more(
    folder: Path, image: Callable[[Path], Path]
) -> None:
    source = image(folder)
    image_type = MediaType.JPEG if source.suffix == ".jpg" else MediaType.PNG
    scene = lasting(scene_of(source, folder, image_type), SECONDS)

    ours, theirs = still(scene, nobody).path, one_liner(source, folder)
    near = similarity(ours, scene.picture, "bt709")

    assert near >= 0.995
    assert near >= similarity(theirs, scene.picture, "bt601")
    assert bytes_of(ours) <= 2 * bytes_of(theirs)
