"""The nightly jobs by hand: what `scripts/daily_summary.py` and `scripts/clean_up.py` share."""
