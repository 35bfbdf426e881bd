"""What a pipeline asks of a deployed stage, as pipeline/check.buildspec.yml runs it.

``WOTR_STAGE`` and ``WOTR_DEPLOYABLE`` say what is checked; credentials are the build's own. What later
actions are to know is written to the file ``WOTR_EXPORTS``, a ``NAME=value`` a line:
``RESULTS=31 passed in 12 s``.

The check role needs, for a stage's stacks and no others:

- ``cloudformation:DescribeStacks``, ``DescribeChangeSet``, ``ListChangeSets`` on ``stack/wotr-*``
- ``sts:AssumeRole`` on the stage's MachineClientRole, for signed calls
- ``cognito-idp:AdminConfirmSignUp``, ``AdminInitiateAuth`` on dev's user pool, for athletes (verify)
- ``dynamodb:Query``, ``GetItem`` on dev's table Requests and its indexes (verify of analytics)
- ``cloudwatch:ListMetrics``, which knows no resource (verify)

Nothing of it writes to prod but the API itself, and that only for the account ``sandbox-canary``.
"""

from datetime import UTC, datetime

SANDBOX = "sandbox-canary"  # whose everything synthetic is; wotr_common.traffic says the same
SANDBOX_START = datetime(2001, 1, 1, tzinfo=UTC)  # no report is of that year
