"""Runs cases on every core at once: `python -m tests.fuzz [NUMBER ...]`, all of them or these.

FUZZ_CASES says how many, FUZZ_SEED which; findings are kept in FUZZ_FOLDER. Exits with 1 if there are any.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.cases import Case, Seeds, Verdict, case_of, judge, read_verdict
from worker.sandbox.resource_limits import CORES

CASES = int(os.environ.get("FUZZ_CASES", 3000))
SEED = int(os.environ.get("FUZZ_SEED", 1))
FINDINGS = Path(os.environ.get("FUZZ_FOLDER", "fuzz-findings"))

TELL_EVERY = 100


@dataclass(frozen=True)
class Running:
    """A case on its way in a process of its own."""

    case: Case
    folder: Path
    begun_at: float


@dataclass
class Tally:
    """What came of the cases so far."""

    outcomes: Counter[str]
    findings: int = 0
    peak_bytes: int = 0
    longest_seconds: float = 0.0

    def add(self, case: Case, verdict: Verdict, seconds: float) -> None:
        self.outcomes[verdict.outcome] += 1
        self.peak_bytes = max(self.peak_bytes, verdict.peak_bytes)
        self.longest_seconds = max(self.longest_seconds, seconds)
        if verdict.problem:
            self.findings += 1
            print(f"FOUND {case.name}: {verdict.problem}", flush=True)

        if self.outcomes.total() % TELL_EVERY == 0:
            print(self.sum, file=sys.stderr, flush=True)

    @property
    def sum(self) -> str:
        worst = f"at most {self.peak_bytes >> 20} MiB and {self.longest_seconds:.1f} s a case"
        return f"{self.outcomes.total()} cases, {self.findings} findings, {worst}"

    def __str__(self) -> str:
        lines = [f"{count:6}  {outcome}" for outcome, count in self.outcomes.most_common()]
        return "\n".join([*lines, self.sum])


def main(numbers: list[int]) -> int:
    with tempfile.TemporaryDirectory(prefix="talkreel-fuzz-") as name:
        tally = run(numbers or list(range(CASES)), Path(name))
    print(tally)
    return 1 if tally.findings else 0


def run(numbers: list[int], folder: Path) -> Tally:
    """As a worker does, each case is rendered in a fork of a process that has everything imported."""
    kinds = Seeds(seeds.pictures(), seeds.voices(folder))
    waiting, running, tally = deque(numbers), dict[int, Running](), Tally(Counter())
    while waiting or running:
        while waiting and len(running) < CORES:
            number = waiting.popleft()
            pid, case = start(case_of(kinds, SEED, number), folder / str(number))
            running[pid] = case
        pid, status = os.wait()
        settle(running.pop(pid), status, tally)
    return tally


def start(case: Case, folder: Path) -> tuple[int, Running]:
    folder.mkdir()
    pid = os.fork()
    if pid == 0:
        try:
            log = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
            os.dup2(log, sys.stdout.fileno())
            os.dup2(log, sys.stderr.fileno())
            judge(case, folder)
        except BaseException:  # noqa: BLE001 (no fork may come back up and start cases of its own)
            os._exit(1)
        os._exit(0)
    return pid, Running(case, folder, time.monotonic())


def settle(ended: Running, status: int, tally: Tally) -> None:
    """Counts it; keeps its two files if there is something to mend."""
    verdict = read_verdict(ended.folder, status)
    tally.add(ended.case, verdict, time.monotonic() - ended.begun_at)
    if verdict.problem:
        kept = FINDINGS / ended.folder.name
        kept.mkdir(parents=True, exist_ok=True)
        (kept / "image").write_bytes(ended.case.image)
        (kept / "audio").write_bytes(ended.case.audio)
        (kept / "problem").write_text(f"{ended.case.name}\n{verdict.problem}\n")
    shutil.rmtree(ended.folder)


if __name__ == "__main__":
    sys.exit(main([int(number) for number in sys.argv[1:]]))
