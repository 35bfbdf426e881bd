"""One module per Lambda function: its door."""
