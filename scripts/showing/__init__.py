"""What the demo shows of a stage, one subject a module."""
