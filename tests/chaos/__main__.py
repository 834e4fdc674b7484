"""`make chaos`: a long storm, its table, and what it broke.

CHAOS_SECONDS (600) is for how long things happen, CHAOS_SEED (any) chooses which.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.storm import storm


def main() -> int:
    seconds = float(os.environ.get("CHAOS_SECONDS", "600"))
    seed = int(os.environ.get("CHAOS_SEED") or random.randrange(1_000_000))
    folder = Path(tempfile.mkdtemp(prefix="talkreel-chaos-"))
    print(f"{seconds:.0f} s of it: CHAOS_SEED={seed}, in {folder}", flush=True)
    report = storm(folder / "storm", seconds=seconds, seed=seed, tell=lambda line: print(line, flush=True))
    print(f"\n{report}")
    if report.broken:
        print(f"What it said is in {folder / 'storm' / 'log'}")
    else:
        shutil.rmtree(folder)
    return bool(report.broken)


if __name__ == "__main__":
    sys.exit(main())
