"""The queue in Redis: which jobs are to be done, which workers do them, and how to reach Redis.

`queues.JobQueue` is the front door. A message holds a job's id and generation and nothing else: the row in
the database is the truth, and a message that is lost, doubled or late does no harm.
"""
