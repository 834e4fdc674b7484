"""Who is in the picture, and who of them can be made to speak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from app.domain.warnings import (
    CUT_MOUTH,
    FACE_TOO_SMALL,
    HIDDEN_MOUTH,
    MULTIPLE_FACES,
    NO_FACE,
    PROFILE_FACE,
    SMALL_FACE,
    Notice,
    WarningKind,
)
from worker.engines.talking.face import models
from worker.engines.talking.face.cover import is_mouth_covered, is_mouth_cut
from worker.engines.talking.face.detector import Detection, Detector
from worker.engines.talking.face.mesh import MARGIN, Crop, Mesh, tilt_radians, turned
from worker.engines.talking.face.networks import Points
from worker.engines.talking.numerics.arrays import Image

#: Larger pictures are searched at this size: the networks see no more, and time goes with the area.
MAX_SEARCHED_SIDE_PX = 1280

#: Of 57 pictures with people the lowest score was .89, of 13 with animals the highest .85.
MIN_SCORE = 0.86

#: Below this the mesh's own network says that it isn't looking at a face.
MIN_PRESENCE = 0.5

#: Two meshes whose middles are closer than this share of the wider one's width are on the same face.
SAME_FACE_DISTANCE = 0.4

#: Turned further away, one half of the mouth can't be seen.
MAX_YAW_DEGREES = 40

#: Narrower than this there is no mouth to speak of; narrower than the other it moves, but not well.
MIN_WIDTH_PX = 40
SMALL_WIDTH_PX = 80

#: Points of the mesh: beside the ears (the person's right first), on the brow below the hair, under the chin.
RIGHT_EAR, LEFT_EAR, FOREHEAD, CHIN = 234, 454, 10, 152


@dataclass(frozen=True)
class Face:
    """A face.

    `points` is (468, 3) float64: x and y in pixels of the picture, z in the same unit, negative towards the
    camera. `score` is 0 to 1. `mouth_covered` is told only of what surely is: many a hand goes unnoticed.
    `mouth_cut` says that the picture ends before the mouth does.
    """

    points: Points
    score: float
    mouth_covered: bool = False
    mouth_cut: bool = False

    @property
    def width_px(self) -> float:
        """The width as it is seen, along the line through the eyes."""
        return float(np.ptp(turned(self.points, -tilt_radians(self.points))[:, 0]))

    @property
    def yaw_degrees(self) -> float:
        """How far it is turned to the side; positive towards the right of the picture."""
        return _lean_degrees(self.points[LEFT_EAR] - self.points[RIGHT_EAR])


@dataclass(frozen=True)
class Accepted:
    """The face that will speak, and what there is to say about that."""

    face: Face
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Nobody can speak, for a reason whose sentence needs no facts."""

    reason: WarningKind

    @property
    def code(self) -> str:
        return self.reason.code

    @property
    def sentence(self) -> str:
        """For a person."""
        return self.reason.sentence


Choice = Accepted | Refused


class FaceFinder:
    """Finds faces and fits their meshes. Not for two threads at once.

    Raises:
        ModelsMissing: the models are not in `model_dir`, or not the right ones.
    """

    def __init__(self, model_dir: Path) -> None:
        self._detector = Detector(models.read(model_dir, models.DETECTOR))
        self._mesh = Mesh(models.read(model_dir, models.MESH))

    def find(self, picture: Image) -> list[Face]:
        """The faces in `picture` ((height, width, 3), blue first), the largest first."""
        scale = min(1.0, MAX_SEARCHED_SIDE_PX / max(picture.shape[:2]))
        searched = _shrunk(picture, scale) if scale < 1 else picture
        candidates = (self._fitted(searched, found, scale) for found in self._detector.detect(searched))
        return _distinct([face for face in candidates if face])

    def _fitted(self, searched: Image, found: Detection, scale: float) -> Face | None:
        """The face there, in pixels of the unscaled picture."""
        if found.score < MIN_SCORE:
            return None
        x, y = found.corners.mean(axis=0)
        crop = Crop(float(x), float(y), MARGIN * found.side_px, found.angle_radians)
        presence, points = self._mesh.fit(searched, crop)
        if presence <= MIN_PRESENCE:
            return None
        return Face(
            _unshrunk(points, scale),
            found.score,
            mouth_covered=is_mouth_covered(self._mesh, searched, points),
            mouth_cut=is_mouth_cut(searched, points),
        )


def choose(faces: list[Face]) -> Choice:
    """Who speaks: of the faces that can, the largest and surest. If none can, why the largest can't."""
    usable = [face for face in faces if _refusal(face) is None]
    if usable:
        face = max(usable, key=lambda face: face.width_px * face.score)
        return Accepted(face, tuple(_notices(face, len(faces))))
    refusals = (_refusal(face) for face in sorted(faces, key=lambda face: -face.width_px))
    return next((refused for refused in refusals if refused), Refused(NO_FACE))


def _refusal(face: Face) -> Refused | None:
    """Why this face can't speak; None if it can."""
    if face.width_px < MIN_WIDTH_PX:
        return Refused(FACE_TOO_SMALL)
    if abs(face.yaw_degrees) > MAX_YAW_DEGREES:
        return Refused(PROFILE_FACE)
    if face.mouth_cut:
        return Refused(CUT_MOUTH)
    return Refused(HIDDEN_MOUTH) if face.mouth_covered else None


def _notices(face: Face, found: int) -> list[Notice]:
    notices = []
    if found > 1:
        notices.append(MULTIPLE_FACES.notice(found=found))
    if face.width_px < SMALL_WIDTH_PX:
        notices.append(SMALL_FACE.notice(width_px=face.width_px))
    return notices


def _distinct(faces: list[Face]) -> list[Face]:
    """The largest first, without a second mesh on the same face."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.width_px):
        if not any(_is_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _is_same(face: Face, wider: Face) -> bool:
    apart = face.points.mean(axis=0) - wider.points.mean(axis=0)
    return math.hypot(*apart[:2]) < SAME_FACE_DISTANCE * wider.width_px


def _lean_degrees(across: Points) -> float:
    """The angle between a line over the face and the picture's plane."""
    return math.degrees(math.atan2(across[2], math.hypot(across[0], across[1])))


def _shrunk(picture: Image, scale: float) -> Image:
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _unshrunk(points: Points, scale: float) -> Points:
    """From the shrunk picture's pixels to the picture's, with the first pixel's centre at 0 in both."""
    half_a_pixel = np.array([0.5, 0.5, 0])
    return np.asarray((points + half_a_pixel) / scale - half_a_pixel, np.float64)
