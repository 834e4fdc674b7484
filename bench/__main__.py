"""Every benchmark, one after another: what `make bench` runs."""

from __future__ import annotations

from bench import attack, depth, horse, service, still, streams, submit, talking, upload

for bench in (submit, horse, service, depth, upload, attack, streams, talking, still):
    print(f"\n{(bench.__doc__ or '').splitlines()[0]}\n")
    bench.main()
