"""The bodies the API answers with, and the links in them: one serialiser for views and webhooks.

Imported by all that answers or tells; imports `database.models` and the ground floor.
"""
