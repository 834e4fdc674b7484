"""Every accepted job ends: a service in a storm of faults, and the books kept on what it promised.

    victim                the service, and where it can be hurt
    ledger                what was promised, and what became of it
    crowd                 who uses it meanwhile
    strikes  faults       how to hurt it; what can happen to it
    monkey                lets it happen, and looks how long it takes to recover
    autopsy               what is left at the end: rows, files, processes, videos, webhooks
    report                the table
    storm                 all of it together

`python -m tests.chaos` runs it: CHAOS_SECONDS of it (600), by the seed of CHAOS_SEED (any).
"""
