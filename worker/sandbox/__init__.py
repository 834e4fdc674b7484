"""Child processes: the only place that starts any, each with a deadline, limits and a cage.

`runner.run` starts a program and reads its progress, `ffmpeg.run` is that for ffmpeg; `isolation` shuts it
off with Landlock and seccomp, `resource_limits` and `file_access` say what it may have. Imported by all that
needs a program; imports nothing of the media.
"""
