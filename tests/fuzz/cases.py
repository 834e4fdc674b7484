"""One case: two files, one of them damaged or both, and what a worker makes of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.media.media_types import MediaType
from tests.fuzz.damage import damaged
from tests.fuzz.seeds import Seed
from tests.worker.execution.sentences import is_for_a_person
from worker.errors import ChildKilled, RenderFailed
from worker.execution.render import render
from worker.execution.stages import RenderConfig, Upload

MAX_SECONDS = 60
MAX_BYTES = 1 << 30

#: A header may lie about the sampling rate, and a voice of milliseconds be a long one by right.
MAX_AUDIO_SECONDS = 60

#: A child's end by a signal is no verdict about an upload: it is tried again, as the service does.
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Case:
    """What is sent: made again from `seed` and `number` at any time."""

    name: str
    image: bytes
    image_type: MediaType
    audio: bytes
    audio_type: MediaType
    motion: Motion


class Seeds(NamedTuple):
    pictures: list[Seed]
    voices: list[Seed]


@dataclass(frozen=True)
class Verdict:
    """How a case ended. A `problem` is something to mend; `outcome` is for counting.

    `peak_bytes` is the worker's own peak and its largest child's, added.
    """

    outcome: str
    problem: str
    peak_bytes: int = 0


def case_of(seeds: Seeds, seed: int, number: int) -> Case:
    random = Random(f"{seed}:{number}")
    picture, voice = random.choice(seeds.pictures), random.choice(seeds.voices)
    which = random.choices(("picture", "voice", "both"), weights=(45, 45, 10))[0]
    image, audio = picture.content, voice.content
    if which != "voice":
        image = damaged(random, image, random.choice(seeds.pictures).content)
    if which != "picture":
        audio = damaged(random, audio, random.choice(seeds.voices).content)
    motion = random.choice((Motion.STILL, Motion.AUTO))
    name = f"{seed}:{number} {which} of {picture.name} and {voice.name}, {motion}"
    return Case(name, image, picture.media_type, audio, voice.media_type, motion)


def judge(case: Case, folder: Path) -> None:
    """Renders in `folder`, and leaves the verdict there. It runs in a process of its own, as a job does."""
    signal.alarm(MAX_SECONDS)
    upload = Upload(
        folder / "image",
        case.image_type,
        folder / "audio",
        case.audio_type,
        RenderOptions(motion=case.motion),
    )
    upload.image.write_bytes(case.image)
    upload.audio.write_bytes(case.audio)
    outcome, problem = rendered(upload, folder)
    peak_kilobytes = sum(
        resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    verdict = Verdict(outcome, problem, peak_kilobytes * 1024)
    (folder / "verdict.json").write_text(json.dumps(asdict(verdict)))


def rendered(upload: Upload, folder: Path) -> tuple[str, str]:
    """Outcome and problem."""
    terms = RenderConfig(Settings().max_image_pixels, MAX_AUDIO_SECONDS, Settings().face_model_dir)
    for _ in range(MAX_ATTEMPTS):
        try:
            return f"rendered, {render(upload, folder, terms, _nobody).facts.motion}", ""
        except RenderFailed as failure:
            problem = "" if is_for_a_person(failure.sentence) else f"not for a person: {failure.sentence}"
            return failure.sentence, problem
        except ChildKilled as killed:
            last = str(killed)
        except BaseException:  # noqa: BLE001 (whatever else comes through is what is looked for)
            return "an exception", traceback.format_exc()
    return "killed at every attempt", last


def _nobody(_phase: Phase, _share: float) -> None:
    pass


def read_verdict(folder: Path, status: int) -> Verdict:
    """What `judge` left, or what became of its process."""
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code == -signal.SIGALRM:
        return Verdict("too slow", f"it took more than {MAX_SECONDS} s")
    if exit_code != 0:
        return Verdict("the worker died", f"exit code {exit_code}: {(folder / 'log').read_text()[-2000:]}")
    verdict = Verdict(**json.loads((folder / "verdict.json").read_text()))
    if verdict.peak_bytes > MAX_BYTES:
        return Verdict("too large", f"it took {verdict.peak_bytes >> 20} MiB", verdict.peak_bytes)
    return verdict
