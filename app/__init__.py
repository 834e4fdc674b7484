"""What a job is, and the HTTP around it.

The packages, from the ground up; each imports only from those above it (`[tool.importlinter]` in
pyproject.toml holds this), and says in its `__init__.py` what it is about:

    domain  errors  metrics  logs        words, refusals, counters, the log
    core                                 clock, ids, deadlines, signing, pagination
    config                               the settings
    egress  media  queue  storage        the way out; files by their bytes; Redis; the store
    database                             SQL: tables, transactions, migrations
    schemas  client                      what the API answers with; the API as its users see it
    keys  webhooks                       who is calling; whom to tell
    jobs                                 from the upload to the end, and back from every fault
    operations                           readiness, overview, metrics, doctor
    web  launcher  mcp                   Flask and gunicorn; `talkreel up`; tools for assistants
    cli                                  the talkreel command
"""
