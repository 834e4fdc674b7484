"""The public addresses of finished jobs: signed and expiring for videos, unguessable for share pages."""

from __future__ import annotations

from dataclasses import dataclass

from app.config.settings import Settings
from app.core import clock, signing
from app.database.models import Job
from app.domain.states import JobStatus
from app.schemas.listed_job import ListedJob

#: Links stay the same within a step, so that a polled body does too: an hour, or less of a short life.
LONGEST_LINK_STEP_SECONDS = 3600
LINK_STEPS_PER_LIFE = 20


@dataclass(frozen=True)
class Links:
    """Makes the public addresses of a finished job."""

    public_url: str
    signing_key: bytes
    ttl_seconds: int

    @classmethod
    def of(cls, settings: Settings) -> Links:
        return cls(settings.public_url, settings.signing_key, settings.output_url_ttl)

    def video(self, job: Job | ListedJob) -> str | None:
        """Signed, expiring address of the MP4; None until there is one."""
        if not _is_shown(job):
            return None
        path = f"/videos/{job.id}.mp4"
        signed = signing.sign_url_path(path, self._video_expires_at(), self.signing_key)
        return f"{self.public_url}{path}?{signed}"

    def _video_expires_at(self) -> int:
        """Unix seconds: `ttl_seconds` after the end of the present step. A second is the smallest step."""
        step_seconds = max(1, min(LONGEST_LINK_STEP_SECONDS, self.ttl_seconds // LINK_STEPS_PER_LIFE))
        return int(clock.now_seconds() // step_seconds + 1) * step_seconds + self.ttl_seconds

    def share_page(self, job: Job | ListedJob) -> str | None:
        """Address of the page that plays it; None until there is a video."""
        if not _is_shown(job):
            return None
        return f"{self.public_url}/share/{job.share_token}"

    def poster(self, job: Job) -> str | None:
        """Address of the picture that is shown before the video plays; None until there is a video."""
        page = self.share_page(job)
        return f"{page}/poster.jpg" if page else None


def _is_shown(job: Job | ListedJob) -> bool:
    return job.status is JobStatus.COMPLETED and job.deleted_at_ms is None
