"""The sweeper: one process that sends webhooks, brings lost jobs back, and tidies up.

`python -m worker.sweeper` runs it.
"""
