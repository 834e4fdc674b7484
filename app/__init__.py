"""What a job is, and the HTTP around it.

The floors, each importing only from those above it (`tests/test_architecture.py` holds this):

    nearest                                    what somebody may have meant
    clock  ids  errors  states  notices        no imports of ours but that
    logs  media  failpoints  key_errors  wholefile  parts
    deadlines  listening  machine              a call that ends in time; a port to be had; our own address
    shipped  envfile                           what lies beside the packages; a service's settings file
    sentinelurl  settingrules                  what a URL of Sentinels says; what a setting may be
    metricfiles  metrics                       what a process counts
    operator_errors                            an operator's refusals
    settings  startup                          the environment, read once; and whether it can be used here
    signing  cursors  addresses  hurry         pure, but for the sockets of the last two lines
    local                                      a video made without a service (by the worker's renderer)
    client                                     a service as its users see it
    webhook_urls  egress  outcomes             where a webhook may go; the one way out; what came of a try
    columns  models  listed                    tables and indexes; what a list tells of a job
    links                                      the addresses of finished jobs
    payloads  service_bodies  deletion_bodies  the one serialiser
    database  storage  queues                  the doors: SQL, bytes RQ (on lookups, stored ... redisurl)
    migrations                                 the schema
    usage                                      what each key used, and its quota
    key_bodies  usage_bodies                   the serialisers of both
    segments                                   the verbs: of those who draw a long talk together
    apikeys  jobs  deliveries  readiness       the verbs: an owner's, the sender's, an operator's
    renderlogs                                 how a failed render's log ended
    slots  idempotency  marks                  how many jobs at once; what came before; has a job changed
    callers                                    who is calling, and with which job
    submissions  leases  housekeeping          the verbs: the upload's, a worker's, the sweeper's
    webhooks  deletions                        the verbs: an owner's again, of what was sent, and deleted
    overview                                   how it all is
    retries                                    the verbs: an operator's, of what failed
    operator_bodies  scrape                    what an operator, and what Prometheus gets to read
    doctor/                                    what is wrong with this machine
    web/                                       Flask
    valkey  children  supervisor  service      `talkreel up`
    tools                                      what `talkreel mcp` offers to assistants
    cli                                        the talkreel command
"""
