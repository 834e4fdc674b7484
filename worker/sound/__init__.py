"""Sound: an upload of any type becomes 16-bit PCM, and later AAC at the loudness asked for.

`decoding.decode` is the front door on the way in, `aac_copy` and `aac` on the way out,
`loudness_normalisation` between.
"""
