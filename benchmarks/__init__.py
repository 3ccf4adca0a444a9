"""Every timing in the README and docs comes from here: `python -m benchmarks.NAME [--json FILE]`.

Each benchmark compares with a named reference that runs in the same process or session, takes medians over repeats, and
writes one flat JSON object.
"""
