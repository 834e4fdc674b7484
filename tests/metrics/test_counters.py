"""What processes count: their sum, and what is left of each when it is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from app.metrics import multiprocess
from tests.support.disks import filled, small_disk
from tests.support.processes import STOP_SECONDS

#: Counts one request for each line that it reads, and says so.
WEB = """
import sys
from pathlib import Path
from app.metrics import counters
counters.keep(Path(sys.argv[1]), "web")
for line in sys.stdin:
    counters.note("requests", "GET", line.strip(), "200")
    print("counted", flush=True)
"""
#: A worker that counts, as its horses do; every second one of them is killed in the middle of it.
WORKER = """
import os, signal, sys
from pathlib import Path
from app.metrics import counters
from worker.execution.metrics_pipe import MetricsPipe
counters.keep(Path(sys.argv[1]), "worker")
for number in range(int(sys.argv[2])):
    tube = MetricsPipe()
    horse = os.fork()
    if horse == 0:
        tube.speak()
        counters.note("attempts", "completed")
        counters.note("stage_seconds", "still", "video", value=2.0)
        os.kill(os.getpid(), signal.SIGKILL) if number % 2 else os._exit(0)
    os.waitpid(horse, 0)
    tube.listen()
    counters.note("attempts", "completed")
"""


@contextmanager
def web(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that counts, killed at the end as by a crash."""
    command = [sys.executable, "-c", WEB, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def count(process: subprocess.Popen[str], route: str) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{route}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "counted\n"


def sums(folder: Path) -> dict[tuple[str, ...], float]:
    """Each sample but the buckets, by its name and its labels' values."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in registry.collect()
        for sample in metric.samples
        if not sample.name.endswith("_bucket")
    }


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.db")}


def test_several_processes_add_up_and_one_in_a_dead_one_s_place_counts_on(tmp_path: Path) -> None:
    with web(tmp_path) as first, web(tmp_path) as second:
        count(first, "/a")
        count(second, "/a")
    with web(tmp_path) as third:
        count(third, "/b")
        found = sums(tmp_path)

    assert files(tmp_path) == {f"{kind}_web-{slot}.db" for kind in ("counter", "histogram") for slot in "01"}
    assert found == {
        ("talkreel_http_requests_total", "GET", "/a", "200"): 2,
        ("talkreel_http_requests_total", "GET", "/b", "200"): 1,
    }


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 2) as disk:
        yield disk


def test_who_counts_outlives_a_full_disk(disk: Path) -> None:
    with web(disk) as process:
        count(process, "/a")
        with filled(disk):
            for number in range(200):
                count(process, f"/{number}")

        assert len(sums(disk)) == 201


def test_with_the_disk_full_from_the_start_counts_are_not_kept(disk: Path) -> None:
    with filled(disk), web(disk) as process:
        assert process.stdout
        assert "metrics are not kept" in process.stdout.readline()
        count(process, "/a")


def test_a_hundred_horses_leave_what_they_counted_and_no_files(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path), "100"]

    subprocess.run(command, check=True, timeout=STOP_SECONDS * 6)

    assert files(tmp_path) == {"counter_worker-0.db", "histogram_worker-0.db"}
    assert sums(tmp_path) == {
        ("talkreel_render_attempts_total", "completed"): 200,
        ("talkreel_render_stage_seconds_sum", "still", "video"): 200,
        ("talkreel_render_stage_seconds_count", "still", "video"): 100,
    }


@pytest.mark.parametrize("damage", [b"", b"\xff\x0f\x00\x00" + bytes(60), bytes(3)], ids=repr)
def test_a_file_that_a_power_loss_cut_off_costs_its_own_counts_only(tmp_path: Path, damage: bytes) -> None:
    with web(tmp_path) as process:
        count(process, "/a")
    (tmp_path / "counter_web-7.db").write_bytes(damage)

    multiprocess.drop_damaged(tmp_path)

    assert files(tmp_path) == {"counter_web-0.db", "histogram_web-0.db"}
    assert set(sums(tmp_path).values()) == {1.0}
