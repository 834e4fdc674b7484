"""What only the files of one machine promise."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.errors import DiskFull, StorageUnavailable, StoredFileMissing
from app.storage.base import storage_errors
from app.storage.filesystem import LocalStorage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def storage(root: Path) -> LocalStorage:
    return LocalStorage(root)


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than `tmp_path`."""
    shared_memory = Path("/dev/shm")
    if not shared_memory.is_dir() or shared_memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has no second file system")
    with tempfile.TemporaryDirectory(dir=shared_memory) as folder:
        yield Path(folder)


def _stored(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_a_file_from_another_disk_is_copied_and_removed(
    storage: LocalStorage, root: Path, other_disk: Path
) -> None:
    draft = other_disk / "draft"
    draft.write_bytes(b"content")
    storage.put(draft, "uploads/j1/image")
    assert _stored(root) == ["uploads", "uploads/j1", "uploads/j1/image"]
    assert not draft.exists()


def test_a_fetch_to_another_disk_copies(storage: LocalStorage, tmp_path: Path, other_disk: Path) -> None:
    draft = tmp_path / "draft"
    draft.write_bytes(b"content")
    storage.put(draft, "uploads/j1/image")
    storage.fetch("uploads/j1/image", other_disk / "back")
    assert (other_disk / "back").read_bytes() == b"content"


def test_a_fetched_file_outlives_its_deletion(storage: LocalStorage, tmp_path: Path) -> None:
    draft = tmp_path / "draft"
    draft.write_bytes(b"content")
    storage.put(draft, "uploads/j1/image")
    storage.fetch("uploads/j1/image", tmp_path / "back")
    storage.delete("uploads/j1")
    assert (tmp_path / "back").read_bytes() == b"content"


def test_a_deletion_leaves_no_folder_of_the_job(storage: LocalStorage, root: Path, tmp_path: Path) -> None:
    for key in ("uploads/j1/image", "outputs/j1/token.mp4"):
        (tmp_path / "draft").write_bytes(b"x")
        storage.put(tmp_path / "draft", key)
    storage.delete("uploads/j1")
    storage.delete("outputs/j1/token.mp4")
    assert _stored(root) == ["outputs", "uploads"]


def test_local_files_have_no_urls_of_their_own(storage: LocalStorage) -> None:
    assert storage.presign("outputs/j1/token.mp4", "GET", 60) is None


def test_a_root_that_can_not_be_used_fails_the_check(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable):
        LocalStorage(tmp_path / "file" / "files").check()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="mounting a tiny disk needs root")
def test_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path: Path) -> None:
    tiny = tmp_path / "tiny"
    tiny.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {tiny} 2> /dev/null"):
        pytest.skip("this machine lets nobody mount")
    try:
        (tmp_path / "draft").write_bytes(b"x" * 100_000)
        with pytest.raises(DiskFull):
            LocalStorage(tiny).put(tmp_path / "draft", "uploads/j1/image")
        assert _stored(tiny) == ["uploads", "uploads/j1"]
        assert (tmp_path / "draft").exists()
    finally:
        os.system(f"umount {tiny}")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (OSError(errno.ENOSPC, "no space left on device"), DiskFull),
        (OSError(errno.EDQUOT, "quota exceeded"), DiskFull),
        (OSError(errno.EIO, "input/output error"), StorageUnavailable),
        (FileNotFoundError(errno.ENOENT, "no such file"), StoredFileMissing),
    ],
)
def test_what_the_system_says_is_told_in_our_words(raised: OSError, told: type[Exception]) -> None:
    with pytest.raises(told), storage_errors(absent=StoredFileMissing):
        raise raised
