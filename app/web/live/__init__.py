"""Waiting for jobs: one watcher asks the database for all who wait, and tells its subscribers.

`job_watcher` is the front door, for events and `Prefer: wait`. It imports `jobs` and `database`.
"""
