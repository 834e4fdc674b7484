"""What can end a render. Only RenderFailed is the upload's fault.

CannotTalk      an engine can't make the picture talk: it stands still, or the job ends FAILED if it must talk
RenderFailed    the job ends FAILED; its sentence is shown to the person who uploaded
OutOfDisk       the same, though it says nothing about the upload
CheckFailed     the finished file isn't what was promised: the job is tried again
ChildKilled     a child process was killed by a signal: counts as a lost worker, the job is tried again
ProgramFailed   (of `worker.process`) a program gave up while the video was made: the job is tried again
LeaseLost       another worker may hold the job by now: stop and touch nothing
HandBack        this worker was told to stop: the job goes back without counting the attempt
"""

from __future__ import annotations


class CannotTalk(Exception):
    """The engine can't make this picture talk: `code` and `sentence` are the notice's."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        self.sentence = sentence
        super().__init__(sentence)


class RenderFailed(Exception):
    """The upload can't become a video.

    `sentence` is public; `detail` (tool output, paths) goes to the log only.
    """

    def __init__(self, sentence: str, detail: str = "") -> None:
        self.sentence = sentence
        self.detail = detail
        super().__init__(sentence)


class OutOfDisk(RenderFailed):
    """There is no room for what a render writes."""

    def __init__(self, detail: str) -> None:
        super().__init__("The service ran out of disk space while rendering. Please try again later.", detail)


class CheckFailed(Exception):
    """The finished file is not what was promised. Ours or the machine's fault, so the job is tried again."""


class ChildKilled(Exception):
    """A child process died of signal number `signal_number`, which says nothing about the upload."""

    def __init__(self, program: str, signal_number: int) -> None:
        self.signal_number = signal_number
        super().__init__(f"{program} was killed by signal {signal_number}")


class LeaseLost(BaseException):
    """The lease token no longer matches.

    Not an `Exception`: nothing on the way up may mistake it for a failure.
    """


class HandBack(BaseException):
    """SIGTERM arrived. Not an `Exception`, for the same reason."""
