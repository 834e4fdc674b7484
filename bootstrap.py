#!/usr/bin/env python3
"""Sets up the virtual environment and the face models: `python3 bootstrap.py [--dev | --bench]`.

It can be run again at any time. What is well stays as it is; what an earlier run left half done, or a Python
that is gone, is made anew. It needs the standard library alone, and runs on Pythons too old for the
rest, so that it can say so: hence the quoted annotations.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST = (3, 11)
#: Those to look for where the one that runs this is too old, the best first.
NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")
#: What `.venv` and the models take, and pip while it unpacks; measured, and rounded up.
NEEDED_MB = {"": 750, "dev": 1500, "bench": 600}
#: Of each set of packages: its environment, and its locks.
LOCKS = {
    "": (".venv", ["requirements.txt"]),
    "dev": (".venv", ["requirements.txt", "requirements-dev.txt"]),
    "bench": (".venv-bench", ["requirements-bench.txt"]),
}
PROBE = "import sys, pip; print(*sys.version_info[:2])"
PROBE_SECONDS = 60
LINES_OF_A_FAILURE = 12


class CannotSetUp(Exception):
    """What is missing, in a sentence that says how to get it."""


class Environment:
    """A virtual environment of ours, and how far its set-up is."""

    def __init__(self, folder: "Path") -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self._unfinished = folder / ".unfinished"

    def works(self) -> "bool":
        """Whether it has a pip, and a Python that is new enough, and no set-up of it was cut off."""
        if self._unfinished.exists():
            return False
        try:
            told = subprocess.run(
                [str(self.bin / "python"), "-c", PROBE],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=PROBE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return told.returncode == 0 and tuple(map(int, told.stdout.split())) >= OLDEST

    def make(self) -> None:
        """Makes it anew, whatever is there."""
        again = " again: what is there is half done, or too old" if self.folder.exists() else ""
        say(f"Making {self.folder.name} with Python {version()}{again}")
        if self.folder.is_symlink() or self.folder.is_file():
            self.folder.unlink()
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(self.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        if made.returncode:
            raise CannotSetUp(f"{self.folder} can't be made:\n{made.stdout.decode(errors='replace').strip()}")

    def install(self, stamp: "str", digest: "str", commands: "list") -> None:
        """Runs these of pip's commands, unless they were run for the same digest before."""
        done = self.folder / stamp
        if done.exists() and done.read_text() == digest:
            return
        self._unfinished.touch()
        for command in commands:
            run_pip([str(self.bin / "python"), "-m", "pip", *command], self.folder / "setup.log")
        done.write_text(digest)
        self._unfinished.unlink()


class Progress:
    """What pip is doing: a line that is written over on a terminal, else a line now and then."""

    EVERY = 20

    def __init__(self, total: "int") -> None:
        self._total = total
        self._fetched = 0
        self._words = "Looking for packages"
        self._begun_at = time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *_failure: "object") -> None:
        self._stopped.set()
        self._thread.join()
        if sys.stdout.isatty():
            sys.stdout.write("\r\033[K")

    def hear(self, line: "str") -> None:
        """Takes a line of pip's output."""
        collected = re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)", line)
        if collected:
            self._fetched += 1
            self._words = f"Fetching packages: {self._fetched} of {self._total}, {collected.group(1)}"
            if self._fetched % self.EVERY == 0:
                self._line()
        elif line.startswith("Installing collected packages"):
            self._words = "Installing them"
            self._line()

    def _line(self) -> None:
        if not sys.stdout.isatty():
            say(f"  {self._words}")

    def _tick(self) -> None:
        while not self._stopped.wait(0.5):
            if sys.stdout.isatty():
                seconds = int(time.monotonic() - self._begun_at)
                sys.stdout.write(f"\r\033[K  {self._words} ({seconds} s)"[:100])
                sys.stdout.flush()


def run_pip(command: "list", log: "Path") -> None:
    """Runs pip, shows its progress, and keeps its output in `log`. Raises CannotSetUp with the end of it."""
    lock = next((Path(word) for word in command if word.endswith(".txt")), None)
    total = len(re.findall(r"^[\w.-]+(?:\[.*\])?==", lock.read_text(), re.MULTILINE)) if lock else 1
    with (
        log.open("w") as kept,
        Progress(total) as progress,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, cwd=str(ROOT)
        ) as pip,
    ):
        for line in pip.stdout or ():
            kept.write(line)
            progress.hear(line)
    if pip.returncode:
        end = "".join(log.read_text().splitlines(keepends=True)[-LINES_OF_A_FAILURE:])
        raise CannotSetUp(f"pip could not install what is needed:\n{end}All that it said is in {log}.")


def require_room(folder: "Path", needed_mb: "int") -> None:
    free_mb = shutil.disk_usage(str(folder)).free // 1_000_000
    if free_mb < needed_mb:
        raise CannotSetUp(f"The set-up needs about {needed_mb} MB in {folder}; only {free_mb} MB are free.")
    say(f"This takes about {needed_mb} MB and a minute or two, the first time.")


def require_python() -> None:
    """Goes on with a newer Python if this one is too old; raises CannotSetUp where that can't be."""
    if sys.version_info < OLDEST:
        found = next(filter(None, map(shutil.which, NEWER)), None)
        if not found:
            raise CannotSetUp(
                f"Python 3.11 or newer is needed; this is {version()} ({sys.executable}). Install one, and "
                "name it: make PYTHON=/path/to/python3.13"
            )
        say(f"Python {version()} is too old; going on with {found}")
        os.execv(found, [found, str(Path(__file__).resolve()), *sys.argv[1:]])
    try:
        __import__("ensurepip")
    except ImportError:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise CannotSetUp(
            f"{sys.executable} has no ensurepip, without which it can't make a virtual environment. On "
            f"Debian and Ubuntu: apt install {package}. Then run this again."
        ) from None


def install_packages(environment: "Environment", wanted: "str") -> None:
    """Brings the packages up to what the locks say, each by its hash."""
    pip = ["install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    ourselves = [*pip, "--no-deps", "--no-build-isolation", "--editable", "."]
    for lock in LOCKS[wanted][1]:
        commands = [[*pip, "--require-hashes", "-r", lock]]
        stamp, named = ".installed" + lock[len("requirements") : -len(".txt")], [lock]
        if lock == "requirements.txt":
            commands.append(ourselves)
            named.append("pyproject.toml")
        environment.install(stamp, digest_of(named), commands)


def install_models(environment: "Environment") -> None:
    """Has the face models brought, unless the right ones are there."""
    done, digest = (
        ROOT / "models" / ".installed",
        digest_of(["worker/engines/talking/face/models.py", "worker/engines/talking/face/download.py"]),
    )
    if done.exists() and done.read_text() == digest and len(list(done.parent.glob("*.tflite"))) == 2:
        return
    say("Fetching the face models")
    if subprocess.run([str(environment.bin / "talkreel"), "setup"], cwd=str(ROOT)).returncode:
        raise CannotSetUp("The face models are missing. Run this again when the network is there.")
    done.write_text(digest)


def digest_of(names: "list") -> "str":
    return hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in names)).hexdigest()


def version() -> "str":
    return ".".join(map(str, sys.version_info[:3]))


def say(words: "str") -> None:
    print(words, flush=True)


def set_up(wanted: "str") -> None:
    """Does what isn't done yet. Raises CannotSetUp."""
    environment = Environment(ROOT / LOCKS[wanted][0])
    if not environment.works():
        require_python()
        require_room(ROOT, NEEDED_MB[wanted])
        environment.make()
    install_packages(environment, wanted)
    if wanted != "bench":
        install_models(environment)


def main() -> "int":
    parser = argparse.ArgumentParser(description="Sets up the virtual environment and the face models.")
    sets = parser.add_mutually_exclusive_group()
    for name, words in (("dev", "also what the tests need"), ("bench", "the peers of the benchmarks, alone")):
        sets.add_argument(
            f"--{name}", dest="wanted", action="store_const", const=name, default="", help=words
        )
    try:
        set_up(parser.parse_args().wanted)
    except (CannotSetUp, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
