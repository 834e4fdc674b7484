"""Tools that don't do what they should."""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg


def broken_ffmpeg(folder: Path, product: str, times: int = 1_000) -> Path:
    """An ffmpeg that gives up the first `times` times when it is to make a file of the name `product`."""
    path, failures = folder / "ffmpeg", folder / "failures"
    path.write_text(f"""#!/bin/sh
for argument; do out=$last; last=$argument; done  # The file comes just before the final -y.
case "$out" in
*/{product})
    if [ "$(wc -c 2>/dev/null <"{failures}" || echo 0)" -lt {times} ]; then
        printf x >>"{failures}"
        echo "the machine is unwell" >&2
        exit 1
    fi ;;
esac
exec "{imageio_ffmpeg.get_ffmpeg_exe()}" "$@"
""")
    path.chmod(0o700)
    return path
