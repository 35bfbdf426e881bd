"""Faults on purpose: functions that die, are throttled, or get the same delivery twice or in no order.

Only a cloud that was started with ``faults=True`` has this. A rule says what is done to one function while
it works on what contains certain texts, such as users' ids. It is made, looked at and taken back over HTTP:

    POST   /_wotr/faults       {"kind": …, "function": …, "containing": […], …} -> {"id": …}
    GET    /_wotr/faults/ID    -> {"injected": …, "seen": …, "backlog": …, "atWork": …}
    DELETE /_wotr/faults/ID    -> the same, for the last time

``injected`` counts the crashes and refusals that happened, or the records that were delivered twice or at
another place of their batch; ``seen`` the calls that were looked at; ``backlog`` what the function's event
sources have not finished of what the rule concerns, ``atWork`` its invocations that are running.

``rules`` decides without MiniStack, ``injection`` does it, ``refusals`` words a throttled service's answers.
"""
