"""What a client can be told. Every error is a TalkreelError.

TalkreelError
├── Refused        the service's own answer: its status, its code, its sentence
├── Unreachable    no answer, however often it was asked
├── NotTalkreel    an answer that makes no sense: another service, or a proxy's page
├── TookTooLong    the job hadn't ended by then; it goes on
├── JobFailed      the sentence is the job's errorMessage
├── JobCancelled
└── NotVerified    a webhook that isn't from the service, or is too old
"""

from __future__ import annotations

from collections.abc import Mapping

from app.client.results import Status


class TalkreelError(Exception):
    """`sentence` is for a person, `code` for a program; `status` is the answer's, if there was one."""

    status: int | None = None
    code = "client_error"

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        super().__init__(sentence)


class Refused(TalkreelError):
    """`extras` are the further fields of the answer, such as `jobId` of `active_job_exists`."""

    def __init__(self, status: int, code: str, sentence: str, extras: Mapping[str, object]) -> None:
        self.status = status
        self.code = code
        self.extras = extras
        super().__init__(sentence)


class Unreachable(TalkreelError):
    code = "unreachable"

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(f"The service at {url} can't be reached: {reason or 'the connection broke'}.")


class NotTalkreel(TalkreelError):
    code = "not_talkreel"

    def __init__(self, url: str, status: int) -> None:
        self.status = status
        super().__init__(f"What answered with {status} at {url} is not a Talkreel service.")


class TookTooLong(TalkreelError):
    code = "timeout"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"The job {job_id} has not ended in time. It goes on.")


class JobFailed(TalkreelError):
    code = "job_failed"

    def __init__(self, job: Status) -> None:
        self.job = job
        super().__init__(job.error_message or "The job failed.")


class JobCancelled(TalkreelError):
    code = "job_cancelled"

    def __init__(self, job: Status) -> None:
        self.job = job
        super().__init__(f"The job {job.job_id} was cancelled.")


class NotVerified(TalkreelError):
    code = "not_verified"
