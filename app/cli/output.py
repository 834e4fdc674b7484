"""What a command prints for a program to read."""

from __future__ import annotations

import json
import sys


def print_json(fields: dict[str, object]) -> None:
    """One JSON object on a line of standard output."""
    sys.stdout.write(json.dumps(fields) + "\n")
