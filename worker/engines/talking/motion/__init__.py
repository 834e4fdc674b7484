"""Motion: from what is heard to what lips, head and eyes do in each frame.

`mouth_track` and `head_track` give whole tracks, computed once for a job.
"""
