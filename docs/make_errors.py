#!/usr/bin/env python3
"""Makes docs/errors.md from a service's OpenAPI document: `docs/make_errors.py URL [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

DOCUMENT = Path(__file__).with_name("errors.md")

HEAD = """\
# Errors

An error is `{"error": "<a sentence>", "code": "<word>"}`, and some have more fields. Programs go by the
code; the sentence is for a person and may change. 429 and most 503 say in `Retry-After` when to come again.
This page is made from the errors that each call declares, out of the OpenAPI document of a running service:

```sh
.venv/bin/python docs/make_errors.py $URL
```

| status | code | for example |
|---|---|---|
"""


def main(url: str, path: Path) -> None:
    answer = httpx.get(f"{url}/api/openapi.json", timeout=30).raise_for_status()
    rows = sorted(examples(answer.json()))
    path.write_text(
        HEAD + "".join(f"| {status} | `{code}` | {sentence} |\n" for status, code, sentence in rows)
    )


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Of each code a status and a sentence: those of the first call that may answer with it."""
    seen: set[str] = set()
    for path in sorted(document["paths"]):
        for method in sorted(document["paths"][path]):
            for status, response in document["paths"][path][method]["responses"].items():
                for code, example in _examples_of(response):
                    if code not in seen:
                        seen.add(code)
                        yield status, code, example["value"]["error"].replace("|", r"\|")


def _examples_of(response: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for content in response.get("content", {}).values():
        for code, example in content.get("examples", {}).items():
            if "error" in example["value"]:
                yield code, example


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else DOCUMENT)
