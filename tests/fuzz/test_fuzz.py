"""A part of `make fuzz` that every run of the tests takes along; and it notices what it looks for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.options import RenderOptions
from app.domain.states import Motion
from app.media.media_types import MediaType
from tests.fuzz import seeds
from tests.fuzz.cases import MAX_BYTES, Seeds, Verdict, case_of, read_verdict, rendered
from tests.support.paths import ROOT
from worker.errors import ChildKilled, RenderFailed
from worker.execution.stages import Upload
from worker.sandbox.runner import ProgramFailed

CASES = 50


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Seeds:
    return Seeds(seeds.pictures(), seeds.voices(tmp_path_factory.mktemp("voices")))


def test_damaged_uploads_end_as_a_video_or_a_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "FUZZ_CASES": str(CASES), "FUZZ_SEED": "1", "FUZZ_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "tests.fuzz"]

    said = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, check=False, text=True, timeout=1_800
    )

    assert f"{CASES} cases, 0 findings" in said.stdout, said.stdout + said.stderr


def test_a_case_is_the_same_again(kinds: Seeds) -> None:
    assert [case_of(kinds, 1, number) for number in range(50)] == [
        case_of(kinds, 1, number) for number in range(50)
    ]
    assert case_of(kinds, 1, 0) != case_of(kinds, 2, 0)


def verdict_of(ending: str, folder: Path) -> Verdict:
    """The verdict on a worker that runs this and ends."""
    argv = [sys.executable, "-c", f"import os, signal; {ending}"]
    ended = subprocess.run(argv, check=False)
    (folder / "log").write_text("its last words")
    return read_verdict(folder, -ended.returncode if ended.returncode < 0 else ended.returncode << 8)


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("signal.raise_signal(signal.SIGSEGV)", "the worker died"),
        ("os._exit(3)", "the worker died"),
        ("signal.raise_signal(signal.SIGALRM)", "too slow"),
    ],
)
def test_a_worker_that_ends_without_a_verdict_is_found(tmp_path: Path, ending: str, outcome: str) -> None:
    verdict = verdict_of(ending, tmp_path)
    assert verdict.outcome == outcome
    assert verdict.problem


def test_memory_beyond_the_bound_is_found(tmp_path: Path) -> None:
    large = f'{{"outcome": "rendered, still", "problem": "", "peak_bytes": {MAX_BYTES + 1}}}'
    (tmp_path / "verdict.json").write_text(large)
    assert read_verdict(tmp_path, 0).problem == "it took 1024 MiB"


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        (ProgramFailed("Invalid data found"), "an exception"),
        (ChildKilled("a child process", signal.SIGSEGV), "killed at every attempt"),
        (RenderFailed("ffmpeg could not open /tmp/x."), "ffmpeg could not open /tmp/x."),
    ],
)
def test_what_is_no_sentence_for_a_person_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception, outcome: str
) -> None:
    def render(*_: object) -> None:
        raise raised

    monkeypatch.setattr("tests.fuzz.cases.render", render)
    upload = Upload(
        tmp_path / "image",
        MediaType.PNG,
        tmp_path / "audio",
        MediaType.WAV,
        RenderOptions(motion=Motion.STILL),
    )

    found, problem = rendered(upload, tmp_path)

    assert found == outcome
    assert problem
