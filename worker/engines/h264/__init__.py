"""H.264 by hand: P slices that skip every macroblock, so that a frame in which nothing moves costs bytes.

`skip_frames.held` is the front door. Why it is home-made is in README.md. Imported by the still engine.
"""
