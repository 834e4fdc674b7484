"""What of the disk a process of ours may open."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

#: Every program's: libraries, and what libraries read to know the machine.
SYSTEM = (
    *map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")),
    *map(Path, ("/dev/urandom", "/sys/devices/system/cpu")),
)
NOWHERE = Path("/dev/null")

#: Our own Python programs': the packages that are installed, and ours.
PYTHON = (Path(sys.prefix), Path(__file__).parents[1], Path(__file__).parents[2] / "app")


@dataclass(frozen=True)
class FileAccess:
    """Files, and folders with all that is in them: `reads` to read, `writes` to read and write.

    The program itself and the system's libraries go without saying.
    """

    reads: tuple[Path, ...] = ()
    writes: tuple[Path, ...] = ()

    def arguments(self, program: str) -> list[str]:
        """The arguments of the cage."""
        reads = [*SYSTEM, *files_of(program), *self.reads]
        return [
            *(f"READ={path.absolute()}" for path in reads),
            *(f"WRITE={path.absolute()}" for path in (NOWHERE, *self.writes)),
        ]


def files_of(program: str) -> tuple[Path, ...]:
    """A program, and the libraries that are installed with it: `/opt/x/bin/x` comes with `/opt/x/lib`."""
    path = Path(program).resolve()
    return (path, path.parents[1] / "lib") if path.parent.name == "bin" else (path,)
