"""The published contracts as JSON schemas, for everybody who does not use wotr-common."""
