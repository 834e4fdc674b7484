"""The face models: taken out of a wheel whole and right, or not at all; checked again when they are read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.config.settings import Settings
from app.operations.readiness import FACE_MODEL_BYTES
from worker.engines.talking.face import models
from worker.engines.talking.face.models import DETECTOR, FILES, LICENSE, MESH, ModelFile, ModelsMissing

INSTALLED = Settings().face_model_dir


def wheel(folder: Path, **replaced: bytes | None) -> Path:
    """A wheel of what set-up brought. `replaced`, by a file's stem: other bytes, or None to leave it out."""
    path = folder / "some.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in FILES:
            content = replaced.get(Path(file.name).stem, (INSTALLED / file.name).read_bytes())
            if content is not None:
                archive.writestr(file.member, content)
    return path


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_set_up_brings_the_right_files(file: ModelFile) -> None:
    assert models.read(INSTALLED, file)


def test_readiness_knows_the_models_by_their_sizes() -> None:
    assert {file.name: len(models.read(INSTALLED, file)) for file in (DETECTOR, MESH)} == FACE_MODEL_BYTES


def test_a_good_wheel_is_installed_with_licence_and_notice(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "models"
    models.install(wheel(tmp_path), folder)
    assert left_in(folder) == sorted([DETECTOR.name, MESH.name, LICENSE.name, "NOTICE"])
    assert models.read(folder, MESH) == models.read(INSTALLED, MESH)
    assert "Apache License" in (folder / "NOTICE").read_text()


def test_a_wheel_with_another_member_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match=r"another .*face_landmark\.tflite"):
        models.install(wheel(tmp_path, face_landmark=b"not the mesh"), tmp_path / "models")
    assert left_in(tmp_path / "models") == []


def test_a_wheel_without_a_member_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match=r"holds no .*face_detection_short_range\.tflite"):
        models.install(wheel(tmp_path, face_detection_short_range=None), tmp_path / "models")
    assert left_in(tmp_path / "models") == []


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 and no more"])
def test_what_is_no_wheel_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "no.whl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelsMissing, match=r"no\.whl holds no"):
        models.install(path, tmp_path / "models")


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ModelsMissing):
        models.install(path, tmp_path / "models")


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing, match=r"can't be read.*make setup.*FACE_MODEL_DIR"):
        models.read(tmp_path, DETECTOR)


def test_a_model_with_one_wrong_bit_is_not_used(tmp_path: Path) -> None:
    content = bytearray(models.read(INSTALLED, DETECTOR))
    content[1000] ^= 1
    (tmp_path / DETECTOR.name).write_bytes(content)
    with pytest.raises(ModelsMissing, match=r"damaged or another version.*make setup"):
        models.read(tmp_path, DETECTOR)


def test_the_command_ends_with_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "worker.engines.talking.face.models",
            tmp_path / "no.whl",
            tmp_path / "models",
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "holds no" in ended.stderr
