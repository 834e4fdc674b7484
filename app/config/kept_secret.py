"""A secret of the service's own, kept in a file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> bytes:
    """Reads the secret, or writes a new one: whole or not at all, the first of several processes wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
