"""A performance: all that it takes to draw any frame, worked out once for every process that draws."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from worker.engines.talking.motion.head_track import HeadTrack
from worker.engines.talking.motion.mouth_track import MouthTrack
from worker.engines.talking.numerics.arrays import AnyFloats, Floats


@dataclass(frozen=True)
class Performance:
    """`points` is the speaker's mesh, (468, 3) in pixels of the picture at `picture_path`.

    `rest` is how far each frame shows the picture's own mouth, 0 to 1. The tracks have a value per frame.
    """

    picture_path: Path
    points: AnyFloats
    yaw_degrees: float
    mouth: MouthTrack
    head: HeadTrack
    rest: Floats

    def __len__(self) -> int:
        return len(self.rest)

    def at_rest(self) -> Performance:
        """The same without a word: the mouth is the picture's own in every frame."""
        still = MouthTrack(*(np.zeros_like(track) for track in self.mouth.arrays()))
        return replace(self, mouth=still, rest=np.ones_like(self.rest))

    def save(self, path: Path) -> None:
        """Writes it to an .npz file beside the picture: the folder may be another one when it is read."""
        tracks = {f"mouth_{name}": track for name, track in asdict(self.mouth).items()}
        tracks |= {f"head_{name}": track for name, track in asdict(self.head).items()}
        np.savez(
            path,
            picture_path=self.picture_path.name,
            points=self.points,
            yaw_degrees=self.yaw_degrees,
            rest=self.rest,
            **tracks,
        )

    @classmethod
    def load(cls, path: Path) -> Performance:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as saved:
            return cls(
                picture_path=path.parent / str(saved["picture_path"]),
                points=saved["points"],
                yaw_degrees=float(saved["yaw_degrees"]),
                mouth=MouthTrack(*(saved[f"mouth_{field.name}"] for field in fields(MouthTrack))),
                head=HeadTrack(*(saved[f"head_{field.name}"] for field in fields(HeadTrack))),
                rest=saved["rest"],
            )
