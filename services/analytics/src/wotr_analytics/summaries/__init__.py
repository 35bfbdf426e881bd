"""The daily summary: what everybody did on one day, kept as a file that says the same to every reader."""
