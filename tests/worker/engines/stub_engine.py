#!/usr/bin/env python3
"""A stub of an engine: `stub_engine.py VIDEO AUDIO OUT`. It keeps the rules, and puts words in no mouth."""

import shutil
import sys

FRAMES = 100
video, audio, out = sys.argv[1:]  # An H.264 MP4 at 25 frames a second, a WAV file, and the MP4 to write.

for frame in range(1, FRAMES + 1):  # A real one draws a frame in each round.
    print(f"progress {frame / FRAMES:.2f}", flush=True)

# It shall be as large as the video and as long as the sound; a sound track in it is not used. 0 means done.
sys.exit(0 if shutil.copyfile(video, out) else 1)
