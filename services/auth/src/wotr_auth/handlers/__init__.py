"""One module for each trigger of the user pool."""
