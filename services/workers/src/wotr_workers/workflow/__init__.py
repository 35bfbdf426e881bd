"""What happens to a session once it has ended: a state machine weighs it and tells of it.

`starting` starts an execution for each event. `steps` says what its first and last function do, and
`session_load` what the one for each set does, by which formulas. `inputs` is what travels between them.
"""
