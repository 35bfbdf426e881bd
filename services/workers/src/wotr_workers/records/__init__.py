"""Personal records: what counts, how they are kept exact, and who is told.

`candidates` says what a workout or session may be a record of, `staircase` what remains of many candidates,
`follow` keeps the stored records up to the table's stream, `rebuild` makes them again from a whole history.
"""
