"""What may be shown to the person who uploaded: a sentence about their file, and nothing of our insides."""

from __future__ import annotations

import re

#: Names of our tools and places, and what a stack or a dump begins with.
INSIDES = re.compile(r"/|\\|\n|0x|ffmpeg|pillow|python|traceback|errno|error|exception|none", re.IGNORECASE)


def is_for_a_person(sentence: str) -> bool:
    return sentence.endswith(".") and not INSIDES.search(sentence)
