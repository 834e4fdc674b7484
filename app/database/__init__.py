"""SQL: engines, transactions, tables and migrations, on SQLite and on PostgreSQL alike.

`database.Database` is the front door, `models` the tables. Nothing here knows what a job may do: that is in
the packages of the subjects (`keys`, `jobs`, `webhooks`), which import this one.
"""
