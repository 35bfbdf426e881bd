"""The lake: every event about a workout as a row in S3, each once, one object a day."""
