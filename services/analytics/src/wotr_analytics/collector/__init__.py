"""The collector: an HTTP endpoint that records every request it gets, whatever its method and path."""
