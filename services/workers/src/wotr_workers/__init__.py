"""Everything that writes the system of record: accepted workouts, imports, and the events of both."""
