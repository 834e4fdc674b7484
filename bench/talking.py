"""How fast the picture talks: the example portrait and voice, at two sizes, its face small and frame-filling.

    python -m bench.talking

Prints times real time on one core and on all, the share of time by stage, milliseconds per frame (of all
processes together, and what drawing takes of it), and the peak memory of all processes. Each case is a
process of its own, so that it can be held to one core.
"""

from __future__ import annotations

import cProfile
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import cv2
import numpy as np
import psutil

from app.config.settings import Settings
from app.domain.states import Motion
from app.media.media_types import MediaType
from tests.worker.engines.talking.voices import repeated, spoken
from worker.engines.talking.actor import Actor
from worker.engines.talking.engine import FACE_DONE, VOICE_DONE, talk
from worker.engines.talking.film import CHUNKS_DONE
from worker.engines.talking.numerics.arrays import Image
from worker.engines.talking.performance import Performance
from worker.picture.normalisation import normalise
from worker.scene import Scene, SoundTrack
from worker.sound.aac import encode
from worker.video.mux import mux
from worker.video.verification import check

EXAMPLES = Path(__file__).parents[1] / "examples"
SIZES = ((1280, 720), (1920, 1080))
FACES = ("small", "large")
#: Rows and columns of the example portrait: her face's middle, and what a frame-filling face has around it.
FACE_X, FACE_TOP, FACE_HEIGHT = 222, 30, 170
#: Behind a portrait that isn't wide enough; a picture's background is seldom plain.
BACKDROP_BLUR_PX = 8

#: What `engine.talk` reports at the end of each of its stages.
FRAMES_DONE = VOICE_DONE + (1 - VOICE_DONE) * CHUNKS_DONE
TALKING_STAGES = {"face": FACE_DONE, "voice": VOICE_DONE, "frames": FRAMES_DONE, "join": 1.0}
#: What of the drawing is shown apart, by the names of the functions.
PARTS = {"Mouth.draw": "mouth", "Head.draw": "head", "convert": "colour", "Eyes.draw": "eyes"}
DRAWN_FRAMES = 100
#: The voice, some 13 s long, so many times over: a start's cost should not be all there is to see.
REPEATS = 3

DEADLINE_SECONDS = 300
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Case:
    width: int
    height: int
    face: str
    cores: int

    @property
    def argv(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "bench.talking",
            *map(str, (self.width, self.height, self.face, self.cores)),
        ]


def cases() -> Iterator[Case]:
    for width, height in SIZES:
        for face in FACES:
            for cores in sorted({1, os.cpu_count() or 1}):
                yield Case(width, height, face, cores)


def picture(case: Case) -> Image:
    portrait = np.asarray(cv2.imread(str(EXAMPLES / "portrait.jpg")), np.uint8)
    size = (case.width, case.height)
    if case.face == "large":
        half = FACE_HEIGHT * case.width // case.height // 2
        part = portrait[FACE_TOP : FACE_TOP + FACE_HEIGHT, FACE_X - half : FACE_X + half]
        return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    canvas = cv2.GaussianBlur(cv2.resize(portrait, size), (0, 0), BACKDROP_BLUR_PX)
    left = (case.width - case.height) // 2
    canvas[:, left : left + case.height] = cv2.resize(
        portrait, (case.height, case.height), interpolation=cv2.INTER_CUBIC
    )
    return np.asarray(canvas, np.uint8)


class Stopwatch:
    """Seconds by stage, in the order in which the stages end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def lap(self, stage: str) -> None:
        now = time.monotonic()
        self.seconds[stage] = now - self._since
        self._since = now

    def follow(self, share: float) -> None:
        """A `ReportShare` for `engine.talk`."""
        for stage, end in TALKING_STAGES.items():
            if stage not in self.seconds and share >= end:
                self.lap(stage)


def ignore(_share: float) -> None:
    """Takes no interest in progress."""


def measured(case: Case, folder: Path) -> dict[str, Any]:
    """One job as `worker.execution.render` does it, stage by stage."""
    cv2.imwrite(str(folder / "upload.png"), picture(case))
    clock = Stopwatch()
    shown = normalise(folder / "upload.png", MediaType.PNG, folder, max_pixels=1 << 26)
    sound = repeated(spoken(folder), folder / "voice.wav", REPEATS)
    scene = Scene(shown, sound, Motion.TALKING, folder, Settings().face_model_dir)
    clock.lap("intake")
    before_seconds = children_seconds()
    video = talk(scene, clock.follow)
    aac = encode(sound, folder, ignore)
    clock.lap("aac")
    frames_ms = 1000 * (children_seconds() - before_seconds) / scene.frames
    mux(video, SoundTrack(aac), scene, folder / "output.mp4", ignore)
    clock.lap("mux")
    check(folder / "output.mp4", scene, ignore)
    clock.lap("check")
    drawing = drawing_ms(Performance.load(folder / "performance.npz"))
    seconds = sound.duration_seconds
    return {"stages": clock.seconds, "frame_ms": frames_ms, "drawing_ms": drawing, "seconds": seconds}


def children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def drawing_ms(performance: Performance) -> dict[str, float]:
    """Milliseconds per frame by part of the drawing; the profiler's own time is small against theirs."""
    cv2.setNumThreads(1)
    profile = cProfile.Profile(builtins=False)
    actor = Actor(performance)
    profile.runcall(lambda: [None for _ in actor.frames(0, DRAWN_FRAMES)])
    entries = [(entry.code, entry.totaltime) for entry in profile.getstats()]
    named = {code.co_qualname: seconds for code, seconds in entries if isinstance(code, CodeType)}
    return {part: 1000 * named.get(name, 0) / DRAWN_FRAMES for name, part in PARTS.items()}


def run(case: Case) -> tuple[dict[str, Any], int]:
    """What one case measured, and the greatest sum of its processes' resident memory in bytes."""
    with subprocess.Popen(case.argv, stdout=subprocess.PIPE, text=True) as process:
        family, peak_bytes = psutil.Process(process.pid), 0
        ends_at = time.monotonic() + DEADLINE_SECONDS
        try:
            while process.poll() is None and time.monotonic() < ends_at:
                peak_bytes = max(peak_bytes, resident_bytes(family))
                time.sleep(POLL_SECONDS)
        finally:
            process.kill()
        assert process.stdout
        return json.loads(process.stdout.read()), peak_bytes


def resident_bytes(process: psutil.Process) -> int:
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return total


def row(case: Case, found: dict[str, Any], peak_bytes: int) -> str:
    stages, total = found["stages"], sum(found["stages"].values())
    name = f"{case.height}p {case.face} face, {case.cores} core{'s'[: case.cores - 1]}"
    shares = "".join(f"{100 * seconds / total:7.0f}" for seconds in stages.values())
    parts = "".join(f"{ms:8.1f}" for ms in found["drawing_ms"].values())
    speed = f"{found['seconds'] / total:8.2f}"
    return f"{name:26}{speed}{shares}{found['frame_ms']:9.1f}{parts}{peak_bytes / (1 << 20):7.0f}"


def header(found: dict[str, Any]) -> str:
    shares = "".join(f"{stage:>7}" for stage in found["stages"])
    parts = "".join(f"{part:>8}" for part in found["drawing_ms"])
    return f"{'':26}{'speed':>8}{shares}{'frame ms':>9}{parts}{'MiB':>7}"


def main() -> None:
    for number, case in enumerate(cases()):
        found, peak_bytes = run(case)
        if number == 0:
            print(
                "speed: times real time; stages: % of it; frame: ms of all processes, and of it the drawing"
            )
            print(header(found))
        print(row(case, found, peak_bytes), flush=True)
    print(f"load average over the last minute: {os.getloadavg()[0]:.1f}")


def one(width: str, height: str, face: str, cores: str) -> None:
    """One case, in this process and its children; prints JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measured(Case(int(width), int(height), face, int(cores)), Path(folder))))


if __name__ == "__main__":
    one(*sys.argv[1:]) if sys.argv[1:] else main()
