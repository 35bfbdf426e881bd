"""A PostgreSQL login gets a new password without anybody being locked out.

Two users take turns, members of the one role that holds the rights. While one of them is in use, the other
gets a new password; then the secret names the other. Whoever still holds the login before goes on with it
until the next rotation sets its user's password.
"""
