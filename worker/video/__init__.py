"""Video streams and MP4 files: the one format, their packets, joining sound and pictures, the last look.

`mux.mux` and `verification.verify` end a render. Engines import it.
"""
