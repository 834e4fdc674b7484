"""`talkreel up`: the whole service out of one command.

`service` is the front door; `supervisor` starts the Procfile's programs as children and starts them again
when they end, `embedded_valkey` gives a machine without Redis one of its own.
"""
