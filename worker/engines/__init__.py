"""Engines: what turns a picture and a voice into a video stream.

`registry` is the front door: `still` (the picture stands), `talking` (the person speaks), a command of the
operator's, or a package's entry point. Imported by `execution` alone.
"""
