"""What should be gone by now and is not: a backstop behind lifecycles and times to live."""
