"""Pictures: an upload of any type becomes one upright 8-bit sRGB PNG of a sensible size.

`normalisation.normalise` is the front door; the decoding happens in a caged child (`pixels`, or `heif` for
HEIC).
"""
