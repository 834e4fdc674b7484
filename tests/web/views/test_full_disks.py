"""An upload to a disk that is full, as ext4 is: not even a folder can be made there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.disks import ext4_disk
from tests.support.servers import Valkey
from tests.support.world import World, png, wav
from tests.web.views.conftest import MakeWorld

INODES = 64


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with ext4_disk(tmp_path / "disk", mebibytes=16, inodes=INODES) as folder:
        yield folder


@pytest.fixture
def world_on_disk(make_world: MakeWorld, valkey_server: Valkey, disk: Path) -> World:
    """Its database is elsewhere: that one's room is its own matter."""
    return make_world(
        redis_url=valkey_server.url,
        data_dir=disk / "data",
        database_url=f"sqlite:///{disk.with_name('talkreel.db')}",
    )


def test_without_a_free_block_an_upload_is_503(world_on_disk: World, disk: Path) -> None:
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1 << 12)):
            continue

    assert_refused(world_on_disk)
    (disk / "filler").unlink()
    assert world_on_disk.alice.submit().status_code == 201


def test_without_a_free_inode_an_upload_is_503(world_on_disk: World, disk: Path) -> None:
    fillers = disk / "fillers"
    fillers.mkdir()
    with suppress(OSError):
        for number in range(INODES):
            (fillers / str(number)).touch()

    assert_refused(world_on_disk)
    for filler in fillers.iterdir():
        filler.unlink()
    assert world_on_disk.alice.submit().status_code == 201


def assert_refused(world: World) -> None:
    answer = world.alice.submit(image=(io.BytesIO(png()), "me.png"), audio=(io.BytesIO(wav()), "me.wav"))

    assert (answer.status_code, answer.json and answer.json["code"]) == (503, "disk_full")
    assert world.count("jobs") == 0
    assert world.left_files() == []
