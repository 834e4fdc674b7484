"""What all views share: the services of a request, authentication, answers, errors, headers, the access log.

`context.services()` gives a view the database, the store and the queue. Imported by the views alone.
"""
