"""The export formats: one module for each app, what their readers say, and which of them a file is in."""
