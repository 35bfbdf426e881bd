"""Routes of `query`, by subject: each module is a router that parses, reads and shapes the answer."""
