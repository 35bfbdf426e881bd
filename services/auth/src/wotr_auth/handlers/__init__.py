"""One module for each trigger of the user pool, and one for the rotation."""
