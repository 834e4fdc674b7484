"""How near a video's first picture is to the uploaded one: SSIM of luma (Wang et al. 2004), at most 1."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from worker.sandbox.ffmpeg import executable

DEADLINE_SECONDS = 60

#: The upload in the video's own colours, whatever matrix it is tagged with; untagged ones are BT.601's.
_GRAPH = (
    "[0:v]trim=end_frame=1,format=yuv420p[shown];"
    "[1:v]scale=out_color_matrix={matrix}:out_range=tv:flags=accurate_rnd+full_chroma_int,format=yuv420p[came];"
    "[shown][came]ssim"
)


def similarity(video: Path, image: Path) -> float:
    """The better of both matrices, as the contenders don't all say which they used."""
    return max(_similarity(video, image, matrix) for matrix in ("bt709", "bt601"))


def _similarity(video: Path, image: Path, matrix: str) -> float:
    argv = [executable(), "-nostdin", "-i", str(video), "-i", str(image)]
    argv += ["-lavfi", _GRAPH.format(matrix=matrix), "-f", "null", "-"]
    told = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=DEADLINE_SECONDS).stderr
    return float(re.findall(r"SSIM Y:([0-9.]+)", told)[-1])
