"""Import of an uploaded export: from bytes to rows, from rows to workouts, from workouts to what is new."""
