"""API keys: making and rotating them, who is calling, what a key has used and may use.

`authentication.authenticate` tells the caller of a request, `api_keys` manages keys, `usage` counts seconds.
Imported by `jobs`, the views and the command.
"""
