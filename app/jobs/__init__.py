"""Jobs: submitting, finding, leasing, ending, deleting and restoring them.

Each move of a job is one conditional UPDATE: `submissions` makes the row, `leases` takes and ends it,
`lost_leases` and `requeue` bring back what was lost, `retention` and `orphans` tidy up. Imported by the
views, the worker and the operator's tools.
"""
