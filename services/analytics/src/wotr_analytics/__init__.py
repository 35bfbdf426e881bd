"""Read models, built from the platform's events."""
