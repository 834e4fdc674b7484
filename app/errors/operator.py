"""The refusals of an operator's calls. The others are in `app/errors`."""

from __future__ import annotations

from app.errors import ApiError


class NotFailed(ApiError):
    status = 409
    code = "not_failed"
    sentence = "Only a job that is FAILED can be tried again."


class KeyIsBusy(ApiError):
    status = 409
    code = "active_job_exists"
    sentence = "The key of this job has as many active jobs as it may. Try again when one of them has ended."


class UploadsGone(ApiError):
    status = 409
    code = "uploads_gone"
    sentence = "The job's picture and voice are no longer kept, so it can't be tried again."
