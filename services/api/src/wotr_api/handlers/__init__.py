"""One module for each Lambda function: parse, call one function, shape the answer."""
