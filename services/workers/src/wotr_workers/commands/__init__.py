"""What athletes ask for directly: live sessions, changes and deletions, their profile, imports and undo."""
