"""The words that jobs, their segments and webhook deliveries are described with."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job is in its life. The five words are part of the HTTP contract."""

    #: Accepted and queued; no worker holds it.
    PENDING = "PENDING"
    #: A worker holds its lease and renders.
    PROCESSING = "PROCESSING"
    #: The video is stored.
    COMPLETED = "COMPLETED"
    #: No video can be made; the row says why in words for the person who uploaded.
    FAILED = "FAILED"
    #: Withdrawn by its owner before a worker took it.
    CANCELLED = "CANCELLED"


ACTIVE = frozenset({JobStatus.PENDING, JobStatus.PROCESSING})
TERMINAL = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})


class DeliveryStatus(StrEnum):
    """Where a webhook delivery is in its life."""

    #: Not yet answered with a 2xx; due at a known time.
    PENDING = "PENDING"
    #: The receiver answered 2xx.
    DELIVERED = "DELIVERED"
    #: The schedule is used up, or the receiver asked us to stop.
    GIVEN_UP = "GIVEN_UP"


class SegmentStatus(StrEnum):
    """Where a segment of a long talk is in its life."""

    #: Whoever comes first may draw it.
    WAITING = "WAITING"
    #: A helper draws it, and holds a lease on it.
    HELD = "HELD"
    #: The job's own worker draws it, or will: it began to, or a helper was lost over it.
    KEPT = "KEPT"
    #: It is drawn and stored.
    DRAWN = "DRAWN"


class Motion(StrEnum):
    """What the uploader asked the picture to do."""

    #: Talk if a usable face is found, else stand still.
    AUTO = "auto"
    #: Talk, or fail with the reason.
    TALKING = "talking"
    #: Stand still.
    STILL = "still"


class MotionMade(StrEnum):
    """What the picture does in the finished video."""

    TALKING = "talking"
    STILL = "still"


class Phase(StrEnum):
    """What is being done to a job, in one word."""

    QUEUED = "queued"
    FETCHING = "fetching"
    PICTURE = "picture"
    SOUND = "sound"
    VIDEO = "video"
    MUXING = "muxing"
    CHECKING = "checking"
    STORING = "storing"
    DONE = "done"
