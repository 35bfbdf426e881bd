"""Imports and their undoing: what is new, what is stored, what is taken back, and who is told."""
