"""Where things lie in the checkout."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
EXAMPLES = ROOT / "examples"
PORTRAIT = EXAMPLES / "portrait.jpg"
VOICE = EXAMPLES / "voice.mp3"
#: An engine for ENGINE_COMMAND that behaves as its arguments say.
STUB_ENGINE = TESTS / "worker" / "engines" / "stub_engine.py"
