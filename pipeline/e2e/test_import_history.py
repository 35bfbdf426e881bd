"""An athlete's history from another app: every row accounted for, nothing twice."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from strava_sample import HEADER, activities
from waiting import depth, eventually

from stage_client import Stage, TopicListener

ROWS = 150


@pytest.fixture(scope="module")
def imports(stage: Stage) -> Iterator[TopicListener]:
    listener = TopicListener(stage.outputs("workers")["ImportsTopicArn"])
    yield listener
    listener.close()


def message_of(imports: TopicListener, user_id: str, import_id: str) -> dict[str, Any]:
    """What the topic said about one import."""
    found = eventually(
        lambda: [
            said for said in imports.messages() if (said["userId"], said["importId"]) == (user_id, import_id)
        ],
        bool,
        f"the message about import {import_id}",
    )
    return found[0]


def strava(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue().encode()


def test_a_history_arrives_whole_once_with_bad_rows_set_aside(
    stage: Stage, imports: TopicListener, user_id: str
) -> None:
    rows = list(activities(ROWS))
    rows[10][1] = "some day"
    rows[20][15] = rows[20][5] = "-5"
    stage.upload_csv(user_id, "first", strava(rows))
    said = message_of(imports, user_id, "first")
    assert said["userId"] == user_id
    assert said["counts"]["new"] == ROWS - 2
    assert said["counts"]["setAside"] == 2
    assert said["message"].startswith(f"{ROWS - 2} new, 0 known")

    role = stage.outputs("auth")["MachineClientRoleArn"]
    stats = eventually(
        lambda: stage.signed("GET", f"/stats/{user_id}", role_arn=role).json(),
        lambda found: found["total"]["workouts"] >= ROWS - 2,
        "totals of the import",
    )
    assert stats["total"]["workouts"] == ROWS - 2
    assert sum(each["workouts"] for each in stats["byType"].values()) == ROWS - 2

    stage.upload_csv(user_id, "second", strava(rows))
    again = message_of(imports, user_id, "second")
    assert (again["counts"]["new"], again["counts"]["known"], again["counts"]["setAside"]) == (0, ROWS - 2, 2)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name,colour\nx,red\n",
        b"\x00\x01\x02\xff\xfe",
        b"PK\x03\x04 not a csv",
        b"type,startedAt\nrun,2026-01-01T00:00:00Z\n",
    ],
    ids=["empty", "wrong header", "binary", "zip", "missing column"],
)
def test_what_is_no_history_is_refused_with_the_reason(
    stage: Stage, imports: TopicListener, user_id: str, content: bytes
) -> None:
    import_id = f"bad-{secrets.token_hex(4)}"
    stage.upload_csv(user_id, import_id, content)
    said = message_of(imports, user_id, import_id)
    assert said["state"] == "refused"
    assert said["message"]
    assert depth(stage.outputs("workers")["ImportDeadLetterQueueUrl"]) == 0
