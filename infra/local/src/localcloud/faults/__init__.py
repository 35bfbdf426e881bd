"""Faults on purpose: functions that die, are throttled, or get the same delivery twice or in no order.

Only a cloud that was started with ``faults=True`` has this. A rule says what is done to one function while
it works on what contains certain texts (users' ids, as a rule); it is made, looked at and taken back over HTTP:

    POST   /_wotr/faults       {"kind": …, "function": …, "containing": […], …} -> {"id": …}
    GET    /_wotr/faults/ID    -> {"injected": …, "seen": …, "backlog": …}
    DELETE /_wotr/faults/ID    -> the same, for the last time

``rules`` decides without MiniStack, ``injection`` does it, ``refusals`` words a throttled service's answers.
"""
