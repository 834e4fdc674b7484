"""The MCP server: tools for assistants, on top of the Python client.

`server.serve` is the front door. It imports `client` and nothing that a service needs.
"""
