#!/usr/bin/env python3
"""Makes docs/settings.md from the declaration: `.venv/bin/python docs/make_settings.py [FILE]`."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Any

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.config.settings import Settings

DOCUMENT = Path(__file__).with_name("settings.md")

#: Defaults that depend on the machine, or on other settings, in words.
DEFAULTS = {
    "public_url": "`http://HOST:PORT`",
    "data_dir": "`./var`",
    "database_url": "SQLite in `DATA_DIR`",
    "redis_url": "a Valkey of its own",
    "storage_url": "files in `DATA_DIR`",
    "secret_key": "made once, kept in `DATA_DIR`",
    "render_workers": "half the cores",
    "webhook_ca_file": "the system's",
    "face_model_dir": "`models/` of the checkout; of a wheel, `share/talkreel/models`",
    "log_format": "`console` on a terminal, else `json`",
}

HEAD = """\
# Settings

All are environment variables, and all are optional. A bad value stops the start with a message that lists
every problem.
This page is made from the declaration, `app/config/settings.py`:

```sh
.venv/bin/python docs/make_settings.py
```

| name | default | bounds | |
|---|---|---|---|
"""

FOOT = """
`IMAGEIO_FFMPEG_EXE` names another ffmpeg than the one in the wheel; its libraries are to be where the
system's are, or in the `lib` beside its `bin`.
"""


def main(path: Path) -> None:
    rows = [row(name, field) for name, field in Settings.model_fields.items()]
    path.write_text(HEAD + "\n".join(rows) + "\n" + FOOT)


def row(name: str, field: FieldInfo) -> str:
    default = DEFAULTS.get(name) or shown(field.default)
    return f"| `{name.upper()}` | {default} | {bounds(field)} | {field.description} |"


def bounds(field: FieldInfo) -> str:
    """Of a number, as the declaration has them."""
    words = [f"from {rule.ge}" for rule in field.metadata if isinstance(rule, Ge)]
    words += [f"to {rule.le}" for rule in field.metadata if isinstance(rule, Le)]
    return " ".join(words)


def shown(value: Any) -> str:
    """A default as one would write it into the environment."""
    if isinstance(value, SecretStr):
        return shown(value.get_secret_value())
    if isinstance(value, tuple):
        return shown(",".join(map(str, value)))
    text = (
        str(int(value)) if isinstance(value, bool) else str(value.value if isinstance(value, Enum) else value)
    )
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT)
