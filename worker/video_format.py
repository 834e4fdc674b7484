"""The one format of every video: frame rate, clock, key frames, colours, and x264's settings for them."""

from __future__ import annotations

import ffmpeg

#: Frames per second of every video.
FRAME_RATE = 25

#: The video track's ticks per second: 512 to the frame.
TIMESCALE = 12_800

#: Ten seconds: how far a player may have to go back to jump to a moment.
MAX_GOP_FRAMES = 10 * FRAME_RATE

#: Without B frames decoding order is showing order: the video needs no edit list to start at 0, and stretches
#: of it can be joined by copying packets.
X264 = f"bframes=0:scenecut=0:keyint={MAX_GOP_FRAMES}:min-keyint={MAX_GOP_FRAMES}"


def converted(frames: ffmpeg.nodes.FilterableStream) -> ffmpeg.nodes.FilterableStream:
    """RGB frames in the video's pixel format and colours: 4:2:0 by BT.709 in limited range (ITU-R BT.709)."""
    scaled = frames.filter(
        "scale", out_color_matrix="bt709", out_range="tv", flags="accurate_rnd+full_chroma_int"
    )
    return labelled(scaled.filter("format", "yuv420p"))


def labelled(frames: ffmpeg.nodes.FilterableStream) -> ffmpeg.nodes.FilterableStream:
    """Frames in the video's colours that say so (ITU-T H.264, E.2.1)."""
    return frames.filter(
        "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv"
    )
