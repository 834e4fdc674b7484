"""The Python client of a Talkreel service: `from app.client import Talkreel`.

It needs nothing of a service's own machinery, only its address and a key:

    talkreel    the class itself
    watch       a job until it ends: by its events, or by asking again and again
    downloads   a video into a file
    webhooks    what to do with a delivery before believing it
    wire        HTTP with keys, deadlines and second tries
    events      text/event-stream
    patience    how long to go on trying
    results     what the service answers
    errors      what can go wrong
"""

from __future__ import annotations

from app.client.errors import (
    JobCancelled,
    JobFailed,
    NotVerified,
    Refused,
    TalkreelError,
    TookTooLong,
    Unreachable,
)
from app.client.results import Deletion, ListedJob, Notice, Status
from app.client.talkreel import Talkreel
from app.client.webhooks import verify_webhook

__all__ = [
    "Deletion",
    "JobCancelled",
    "JobFailed",
    "ListedJob",
    "NotVerified",
    "Notice",
    "Refused",
    "Status",
    "Talkreel",
    "TalkreelError",
    "TookTooLong",
    "Unreachable",
    "verify_webhook",
]
