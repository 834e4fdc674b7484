"""Webhooks: what is sent, when it is tried again, and what came of it.

`deliveries` are the rows, born in the transaction that ends a job; `retry_policy` says when one is tried
again. `app.egress` makes the request. The sender is in `worker.sweeper`.
`jobs` imports this package, never the other way round.
"""
