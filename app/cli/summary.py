"""What `talkreel make` has to say of a video that is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from app.cli.output import print_json
from app.client import Status
from app.domain.video_facts import VideoFacts


@dataclass(frozen=True)
class Summary:
    """`warnings` are pairs of a code and a sentence; a film that was made here has no job and no link."""

    path: Path
    motion: str | None
    width: int | None
    height: int | None
    duration_seconds: float | None
    #: In LUFS, of the film and of the voice as it came, where a loudness was asked for.
    loudness: float | None
    loudness_before: float | None
    warnings: tuple[tuple[str, str], ...]
    job_id: str | None = None
    share_link: str | None = None

    @classmethod
    def of_made(cls, made: VideoFacts, path: Path) -> Summary:
        warnings = tuple((each.code, each.message) for each in made.notices)
        facts = (made.motion, made.width, made.height, made.duration_seconds)
        return cls(path, *facts, made.loudness, made.loudness_before, warnings)

    @classmethod
    def of_job(cls, job: Status, path: Path) -> Summary:
        warnings = tuple((each.code, each.message) for each in job.warnings)
        facts = (job.motion, job.width, job.height, job.duration_seconds)
        heard = (job.loudness, job.loudness_before)
        return cls(path, *facts, *heard, warnings, job.job_id, job.output_share_link)

    def tell(self, *, as_json: bool, quiet: bool) -> None:
        """Prints it: one JSON object, or lines for a person unless that is `quiet`."""
        if as_json:
            print_json(self._fields())
        elif not quiet:
            click.echo("\n".join(self._lines()))

    def _fields(self) -> dict[str, object]:
        return {
            "video": str(self.path),
            "sizeBytes": self.path.stat().st_size,
            "jobId": self.job_id,
            "outputShareLink": self.share_link,
            "motion": self.motion,
            "durationSeconds": self.duration_seconds,
            "width": self.width,
            "height": self.height,
            "loudness": self.loudness,
            "loudnessBefore": self.loudness_before,
            "warnings": [{"code": code, "message": message} for code, message in self.warnings],
        }

    def _lines(self) -> list[str]:
        megabytes = self.path.stat().st_size / 1e6
        seconds = self.duration_seconds or 0
        facts = f"{self.width}x{self.height}, {seconds:.2f} s, {megabytes:.2f} MB, {self.motion}"
        notes = [f"  {code}: {message}" for code, message in self.warnings]
        return [str(self.path), f"  {facts}", *([f"  {self.share_link}"] if self.share_link else []), *notes]
