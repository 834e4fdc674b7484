"""What every store promises."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import ApiError, StoredFileMissing
from app.storage.stores import Storage

#: More than one part of a multipart upload.
LARGE_BYTES = 12_000_001
FORGED_KEYS = [
    "",
    "/etc/passwd",
    "uploads/../secret",
    "..",
    "uploads//x",
    "uploads/x/",
    "uploads/.hidden",
    "a b",
    "a\n",
]

Draft = Callable[[bytes], Path]


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """Writes a file outside the store."""

    def write(content: bytes) -> Path:
        path = tmp_path / "draft"
        path.write_bytes(content)
        return path

    return write


def test_a_file_put_in_is_moved_and_comes_back_whole(storage: Storage, draft: Draft, tmp_path: Path) -> None:
    content, path = random.Random(1).randbytes(LARGE_BYTES), draft(b"")
    path.write_bytes(content)
    storage.put(path, "uploads/j1/image")
    assert not path.exists()
    storage.fetch("uploads/j1/image", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content


def test_an_empty_file_is_a_file(storage: Storage, draft: Draft, tmp_path: Path) -> None:
    storage.put(draft(b""), "uploads/j1/audio")
    storage.fetch("uploads/j1/audio", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b""


def test_a_second_put_replaces_the_first(storage: Storage, draft: Draft, tmp_path: Path) -> None:
    storage.put(draft(b"first"), "outputs/j1/token.mp4")
    storage.put(draft(b"second"), "outputs/j1/token.mp4")
    storage.fetch("outputs/j1/token.mp4", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"second"


def test_a_fetch_replaces_what_is_at_the_path(storage: Storage, draft: Draft, tmp_path: Path) -> None:
    (tmp_path / "back").write_bytes(b"old and longer")
    storage.put(draft(b"new"), "uploads/j1/image")
    storage.fetch("uploads/j1/image", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"new"


def test_an_open_file_reads_at_any_place_and_knows_its_size(storage: Storage, draft: Draft) -> None:
    content = random.Random(2).randbytes(3_000_000)
    storage.put(draft(content), "outputs/j1/token.mp4")
    file = storage.open("outputs/j1/token.mp4")
    assert file.size_bytes == len(content)
    assert file.read(10) == content[:10]
    assert file.seek(2_000_000) == 2_000_000
    assert file.read(5) == content[2_000_000:2_000_005]
    file.seek(-3, 2)
    assert (file.read(10), file.read(10)) == (content[-3:], b"")
    file.close()


def test_what_is_not_there_is_missing(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(StoredFileMissing):
        storage.fetch("uploads/nobody/image", tmp_path / "back")
    with pytest.raises(StoredFileMissing):
        storage.open("uploads/nobody/image")
    assert not (tmp_path / "back").exists()


def test_delete_takes_everything_below_and_nothing_beside(storage: Storage, draft: Draft) -> None:
    for key in ("uploads/j1/image", "uploads/j1/audio", "uploads/j10/image", "outputs/j1/token.mp4"):
        storage.put(draft(b"x"), key)
    storage.delete("uploads/j1")
    assert [folder.job_id for folder in storage.prefixes("uploads")] == ["j10"]
    assert [folder.job_id for folder in storage.prefixes("outputs")] == ["j1"]


def test_delete_takes_a_single_file(storage: Storage, draft: Draft) -> None:
    storage.put(draft(b"x"), "outputs/j1/first.mp4")
    storage.put(draft(b"x"), "outputs/j1/second.mp4")
    storage.delete("outputs/j1/first.mp4")
    storage.open("outputs/j1/second.mp4").close()
    storage.delete("outputs/j1/second.mp4")
    assert list(storage.prefixes("outputs")) == []


def test_deleting_nothing_is_fine(storage: Storage) -> None:
    storage.delete("uploads/nobody")


def test_prefixes_name_each_job_once_with_its_last_change(storage: Storage, draft: Draft) -> None:
    before = time.time()
    for key in ("uploads/j1/image", "uploads/j1/audio", "uploads/j2/image"):
        storage.put(draft(b"x"), key)
    found = sorted(storage.prefixes("uploads"), key=lambda folder: folder.job_id)
    assert [folder.job_id for folder in found] == ["j1", "j2"]
    assert all(before - 2 <= folder.modified_seconds <= time.time() + 2 for folder in found)


def test_an_empty_store_has_no_prefixes(storage: Storage) -> None:
    assert list(storage.prefixes("uploads")) == []


@pytest.mark.parametrize("key", FORGED_KEYS)
def test_a_key_that_is_not_ours_is_refused(storage: Storage, draft: Draft, tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        storage.put(draft(b"x"), key)
    with pytest.raises(ValueError, match="not a storage key"):
        storage.fetch(key, tmp_path / "back")
    with pytest.raises(ValueError, match="not a storage key"):
        storage.open(key)
    with pytest.raises(ValueError, match="not a storage key"):
        storage.delete(key)


def test_a_file_that_is_not_there_can_not_be_put(storage: Storage, tmp_path: Path) -> None:
    with pytest.raises(ApiError):
        storage.put(tmp_path / "nothing", "uploads/j1/image")
    assert list(storage.prefixes("uploads")) == []


def test_a_store_in_order_passes_its_check(storage: Storage) -> None:
    storage.check()
