"""Multipart uploads, read as they arrive and refused as early as can be.

`form.receive` is the front door: it streams the files of a body to disk, counts, sniffs, and leaves nothing
behind after a refusal. It is python-multipart's parser underneath; it knows nothing of Flask.
"""
