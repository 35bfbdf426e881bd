"""One short file for each Lambda function."""
