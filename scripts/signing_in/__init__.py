"""What `sign_in` consists of."""
