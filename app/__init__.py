"""What a job is, and the HTTP around it.

The floors, each importing only from those above it (`tests/test_architecture.py` holds this):

    clock  errors  states  notices             no imports of ours
    settings                                   the environment, read once
    signing  cursors  media  egress            pure, apart from the socket that egress opens
    models                                     tables and indexes
    payloads                                   the one serialiser
    database  storage  queues                  the doors: SQL, bytes, RQ
    apikeys  jobs  deliveries                  the verbs
    web/                                       Flask
    cli                                        the talkreel command
"""
