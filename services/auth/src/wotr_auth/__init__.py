"""What happens while somebody signs up and in: the triggers of the user pool. Rotation of database logins."""
