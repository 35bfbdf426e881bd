"""Routes of `change`, by subject: each module is a router that parses, asks, and shapes the answer."""
