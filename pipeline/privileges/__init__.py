"""Least privilege in both directions: what each role is granted, and what is done with it.

``roles`` reads the grants from the templates and ``needs`` the calls that services make with them;
``deployed`` reads the policies and the recorded calls of a running stage; ``review`` compares, and ``note``
writes ``notes/iam-review.md``.
"""
