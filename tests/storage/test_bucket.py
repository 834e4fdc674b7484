"""What only a bucket promises."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.config.settings import Settings
from app.errors import StorageUnavailable
from app.storage.stores import Storage, open_storage
from tests.storage.gateway import Gateway
from tests.support.servers import S3, s3

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def video(bucket: Storage, tmp_path: Path) -> str:
    """The key of a stored video."""
    path = tmp_path / "video"
    path.write_bytes(CONTENT)
    bucket.put(path, "outputs/j1/token.mp4")
    return "outputs/j1/token.mp4"


@pytest.fixture
def gateway(bucket_server: S3, bucket: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    """Stands between the storage and its server, and can be told what to refuse."""
    with Gateway(bucket_server.endpoint) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        yield between


def _url(storage: Storage, key: str, ttl_seconds: int = 60) -> str:
    url = storage.presign(key, "GET", ttl_seconds)
    assert url
    return url


def test_a_presigned_url_plays_by_range_without_credentials(bucket: Storage, video: str) -> None:
    answer = httpx.get(_url(bucket, video), headers={"Range": "bytes=100-299"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[100:300]
    assert answer.headers["Content-Range"] == f"bytes 100-299/{len(CONTENT)}"
    assert answer.headers["Content-Type"] == "video/mp4"


def test_a_url_presigned_for_head_answers_head(bucket: Storage, video: str) -> None:
    url = bucket.presign(video, "HEAD", 60)
    assert url
    answer = httpx.head(url)
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))


def test_a_presigned_url_opens_nothing_else(bucket: Storage, video: str) -> None:
    assert httpx.get(_url(bucket, video).replace("token.mp4", "other.mp4")).status_code == 403


def test_a_presigned_url_lives_seven_days_at_most(bucket: Storage, video: str) -> None:
    url = _url(bucket, video, ttl_seconds=30 * 86_400)
    assert httpx.URL(url).params["X-Amz-Expires"] == "604800"
    assert httpx.get(url).status_code == 200


def test_a_refused_upload_leaves_no_part_and_keeps_the_file(
    bucket_server: S3, gateway: Gateway, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * 12_000_000)
    gateway.refuse = "partNumber=2"
    with pytest.raises(StorageUnavailable):
        open_storage(Settings.load()).put(path, "outputs/j1/large.mp4")
    assert gateway.refused
    assert path.exists()
    _wait_until_no_uploads(bucket_server)


def test_one_refused_request_is_tried_again(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "draft").write_bytes(b"content")
    gateway.refuse, gateway.refusals_left = "uploads/j1/image", 1
    storage = open_storage(Settings.load())
    storage.put(tmp_path / "draft", "uploads/j1/image")
    storage.fetch("uploads/j1/image", tmp_path / "back")
    assert gateway.refused == 1
    assert (tmp_path / "back").read_bytes() == b"content"


def test_a_cut_download_leaves_no_file(gateway: Gateway, tmp_path: Path, video: str) -> None:
    storage = open_storage(Settings.load())
    gateway.cut_answers_to_bytes = 1000
    with pytest.raises(StorageUnavailable):
        storage.fetch(video, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_more_jobs_than_one_page_holds_are_all_named(bucket: Storage, tmp_path: Path) -> None:
    expected = {f"j{number}" for number in range(1010)}
    for job_id in expected:
        (tmp_path / "draft").write_bytes(b"")
        bucket.put(tmp_path / "draft", f"uploads/{job_id}/image")
    found = [folder.job_id for folder in bucket.prefixes("uploads")]
    assert (len(found), set(found)) == (len(expected), expected)


def test_a_bucket_that_is_not_there_fails_the_check(
    bucket_server: S3, bucket: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", "s3://nobodys-bucket")
    with pytest.raises(StorageUnavailable):
        open_storage(Settings.load()).check()


def test_a_wrong_secret_fails_the_check(bucket: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "guessed")
    with pytest.raises(StorageUnavailable):
        open_storage(Settings.load()).check()


def test_a_store_that_comes_and_goes_is_told_as_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with s3() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        storage = open_storage(Settings.load())
        storage.check()
        server.pause()
        _is_unavailable_soon(storage)
        server.kill()
        _is_unavailable_soon(storage)
        server.start()
        storage.check()


def _is_unavailable_soon(storage: Storage) -> None:
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        storage.check()
    assert time.monotonic() - began < 10


def test_a_forked_process_is_refused_where_it_would_hang(bucket: Storage) -> None:
    assert "RuntimeError: a BucketStorage was used before" in _run(_FORK_AFTER_USE)


_FORK_AFTER_USE = """
import os
from app.config.settings import Settings
from app.storage.stores import open_storage

storage = open_storage(Settings.load())
storage.check()
child = os.fork()
if child == 0:
    os.dup2(1, 2)
    storage.check()
os.waitpid(child, 0)
"""


def test_a_large_file_passes_in_little_memory(bucket: Storage, tmp_path: Path) -> None:
    grown_mib = int(_run(_MOVE_100_MB, str(tmp_path)))
    assert grown_mib < 32


_MOVE_100_MB = """
import resource, sys
from pathlib import Path
from app.config.settings import Settings
from app.storage.stores import open_storage

def peak_mib():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> (20 if sys.platform == "darwin" else 10)

folder, storage = Path(sys.argv[1]), open_storage(Settings.load())
storage.check()
with (folder / "large").open("wb") as file:
    file.truncate(100_000_000)
before = peak_mib()
storage.put(folder / "large", "uploads/j1/image")
storage.fetch("uploads/j1/image", folder / "back")
assert (folder / "back").stat().st_size == 100_000_000
print(peak_mib() - before)
"""


def _run(script: str, *arguments: str) -> str:
    """What the script prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _wait_until_no_uploads(server: S3) -> None:
    """SeaweedFS keeps the parts of unfinished uploads in a folder of its filer."""
    deadline = time.monotonic() + 10
    while _unfinished_uploads(server):
        assert time.monotonic() < deadline, "parts of the upload were left"
        time.sleep(0.05)


def _unfinished_uploads(server: S3) -> list[object]:
    folder = f"{server.filer}/buckets/{server.bucket}/.uploads/"
    answer = httpx.get(folder, headers={"Accept": "application/json"})
    return answer.json()["Entries"] or [] if answer.is_success else []
