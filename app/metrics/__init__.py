"""Counters and histograms of a process, and the files in which all processes of a machine keep theirs.

`counters` is what others count with. Everybody may import it; it imports nothing of ours. How they are told
to Prometheus is in `app.operations.exporter`.
"""
