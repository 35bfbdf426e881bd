"""What operators do with the pipelines: make them, look, answer approvals, roll back, reckon figures.

AWS APIs only, so that it serves an account and the laptop alike: endpoint and credentials are the shell's.
"""
