"""Webhooks: where they may go, what is sent, when it is tried again, and what came of it.

`deliveries` are the rows, born in the transaction that ends a job; `retry_policy` says when one is tried
again, `http_client` makes the request and keeps it off private addresses. The sender is in `worker.sweeper`.
`jobs` imports this package, never the other way round.
"""
