"""What somebody may have meant by a name that isn't known."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

#: Of a name that is longer, only the beginning is told.
MAX_SHOWN_NAME = 64
#: How alike two names must be (difflib's ratio, 0 to 1), for one to be mistaken for the other.
ALIKE = 0.6


def unknown(kind: str, name: str, known: Sequence[str]) -> str:
    """The sentences: that there is no such name, and the known one that is like it, or else all of them."""
    folded = {each.lower(): each for each in known}
    alike = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=ALIKE)
    if alike:
        hint = f"Did you mean '{folded[alike[0]]}'?"
    elif known:
        hint = f"Known here: {', '.join(known)}."
    else:
        hint = "None is known here."
    return f"Unknown {kind} '{name[:MAX_SHOWN_NAME]}'. {hint}"
