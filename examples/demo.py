"""Makes demo.mp4: starts the whole service, sends it the example files as a client would, and stops it.

`make demo` runs this. It uses none of the service's own code: what it does, any client can do.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

EXAMPLES = Path(__file__).parent
TALKREEL = Path(sys.executable).parent / "talkreel"
VIDEO = Path("demo.mp4")
START_SECONDS = 60
RENDER_SECONDS = 300
POLL_SECONDS = 0.2


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="talkreel-demo-") as folder:
        environment = {**os.environ, "DATA_DIR": folder, "PORT": str(free_port())}
        with running_service(environment) as address:
            client = httpx.Client(base_url=address, headers={"X-API-Key": new_key(environment)}, timeout=30)
            job_id = submit(client)
            status = wait_for_end(client, job_id)
            if status["status"] != "COMPLETED":
                print(f"The job ended {status['status']}: {status['errorMessage']}")
                return 1
            VIDEO.write_bytes(client.get(status["outputVideo"]).raise_for_status().content)
    tell(status)
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_service(environment: dict[str, str]) -> Iterator[str]:
    """The service's address, once it can finish jobs; on leaving it is stopped."""
    log = Path(environment["DATA_DIR"]) / "service.log"
    with log.open("wb") as output:
        service = subprocess.Popen([TALKREEL, "up"], env=environment, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{environment['PORT']}"
    print(f"Starting the service at {address} ...")
    try:
        wait_until_ready(service, address, log)
        yield address
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=15)
        print("Stopped the service.")


def wait_until_ready(service: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(address):
        if service.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The service did not start. Its log:\n{log.read_text()}")
        time.sleep(POLL_SECONDS)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def new_key(environment: dict[str, str]) -> str:
    made = subprocess.run(
        [TALKREEL, "keys", "create", "demo"], env=environment, capture_output=True, check=True, timeout=30
    )
    return str(json.loads(made.stdout)["apiKey"])


def submit(client: httpx.Client) -> str:
    with (EXAMPLES / "portrait.jpg").open("rb") as image, (EXAMPLES / "voice.mp3").open("rb") as audio:
        answer = client.post("/api/jobs", files={"image": image, "audio": audio}).raise_for_status()
    print(f"POST /api/jobs: {answer.status_code} {answer.text}")
    return str(answer.json()["jobId"])


def wait_for_end(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """Polls the job's status, showing its progress, until it ends."""
    deadline = time.monotonic() + RENDER_SECONDS
    while time.monotonic() < deadline:
        status: dict[str, Any] = client.get(f"/api/status/{job_id}").raise_for_status().json()
        show(status)
        if status["status"] not in {"PENDING", "PROCESSING"}:
            print()
            return status
        time.sleep(POLL_SECONDS)
    raise SystemExit(f"The job did not end within {RENDER_SECONDS} s.")


def show(status: dict[str, Any]) -> None:
    bar = "#" * (status["progress"] * 40 // 100)
    line = f"{status['status']:<10} [{bar:<40}] {status['progress']:3} %  {status['phase']}"
    print(
        f"\r{line:<80}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True
    )


def tell(status: dict[str, Any]) -> None:
    print(f"{VIDEO.resolve()}")
    facts = (
        f"{status['width']}x{status['height']}",
        f"{status['durationSeconds']:.2f} s",
        f"{VIDEO.stat().st_size / 1e6:.2f} MB",
        f"motion: {status['motion']}",
    )
    print("  " + ", ".join(facts))
    for warning in status["warnings"]:
        print(f"  {warning['code']}: {warning['message']}")


if __name__ == "__main__":
    sys.exit(main())
