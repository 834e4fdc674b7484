"""What can end a render. Only RenderFailed is the upload's fault.

CannotTalk      an engine can't make the picture talk: it stands still, or the job ends FAILED if it must talk
RenderFailed    the job ends FAILED; its sentence is shown to the person who uploaded
MachineFault    this machine, or what it stands on, is ill: the job goes back without counting the attempt
OutOfDisk       the same: there is no room for scratch files
CheckFailed     the finished file isn't what was promised: the job is tried again
ChildKilled     a child process was killed by a signal: counts as a lost worker, the job is tried again
ProgramFailed   (of `worker.sandbox.runner`) a program gave up while the video was made: the job is tried
again LeaseLost       another worker may hold the job by now: stop and touch nothing
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


class MachineFault(Exception):
    """A part of the machine, or what it stands on, is ill: `disk`, `database`, `storage` or `ffmpeg`.

    It says nothing about the upload. `detail` is for the log.
    """

    def __init__(self, part: str, detail: str) -> None:
        self.part = part
        self.detail = detail
        super().__init__(f"{part}: {detail}")


class OutOfDisk(MachineFault):
    """There is no room for what a render writes."""

    def __init__(self, detail: str) -> None:
        super().__init__("disk", detail)


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
