"""Every benchmark, one after another: what `make bench` runs."""

from __future__ import annotations

from bench import attack, streams, submit, talking, upload

for bench in (submit, upload, attack, streams, talking):
    print(f"\n{(bench.__doc__ or '').splitlines()[0]}\n")
    bench.main()
