"""Replaying a stretch of the bus's archive: what is said of it, and how it is followed."""
