"""An ffmpeg that gives up on one of its products, as on a machine that is not well."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import imageio_ffmpeg


def dead_ffmpeg(folder: Path) -> Path:
    """A program that is ffmpeg, but fails whatever it is to do, until `mend` is called."""
    return _failing_ffmpeg(folder, "*")


def broken_ffmpeg(folder: Path, product: str) -> Path:
    """A program that is ffmpeg, but fails to write files of that name, until `mend` is called."""
    return _failing_ffmpeg(folder, f"*/{product}")


def _failing_ffmpeg(folder: Path, outputs: str) -> Path:
    """Fails where the output matches a pattern of the shell's.

    Its parts lie where the cage lets a program find them: in the `lib` beside its `bin`.
    """
    path, parts = folder / "bin" / "ffmpeg", folder / "lib"
    path.parent.mkdir()
    parts.mkdir()
    shutil.copy(os.path.realpath("/bin/sh"), parts / "sh")
    shutil.copy(imageio_ffmpeg.get_ffmpeg_exe(), parts / "ffmpeg")
    (parts / "unwell").touch()
    path.write_text(f"""#!{parts}/sh
for argument; do out=$last; last=$argument; done  # The file comes just before the final -y.
case "$out" in
{outputs})
    if [ -e "{parts}/unwell" ]; then
        echo "the machine is unwell" >&2
        exit 1
    fi ;;
esac
exec "{parts}/ffmpeg" "$@"
""")
    path.chmod(0o700)
    return path


def mend(ffmpeg: Path) -> None:
    """From now on it works."""
    (ffmpeg.parents[1] / "lib" / "unwell").unlink()
