"""`worker.picture.pixels` for pictures in HEIC: the same, with libheif to decode them.

Its libraries take a while to load, which pictures of other types need not wait for.
"""

from __future__ import annotations

import sys

from pillow_heif import register_heif_opener

from worker.picture.pixels import main

# One thread decodes one tile after the other: each more would hold a tile and a decoder of its own. What is
# beside the picture (thumbnails, depth, gain maps) stays where it is.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)

if __name__ == "__main__":
    main(sys.argv[1:])
