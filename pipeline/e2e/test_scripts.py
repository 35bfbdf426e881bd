"""What a developer runs by hand against a deployed stage."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path

import backfill
import boto3
import collected
import pytest
import s3_smoke
import seed
from waiting import eventually

from stage_client import Stage
from stage_client.answers import send


def test_seeding_twice_leaves_the_same_workouts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["seed.py", "--stage", stage.name, "--users", "2", "--each", "3"])
    role = stage.outputs("auth")["MachineClientRoleArn"]

    def counted() -> list[int]:
        totals = [stage.signed("GET", f"/stats/seed-00{user}", role_arn=role).json() for user in (0, 1)]
        return [found["total"]["workouts"] for found in totals]

    for _ in range(2):
        assert seed.main() == 0
        assert eventually(counted, lambda found: sum(found) >= 6, "the seeded totals") == [3, 3]


def test_a_backfill_brings_wiped_views_back(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    athlete = stage.athlete()
    sets = [{"exercise": "Squat", "weightKg": 82.5, "reps": 5}]
    said = {"startedAt": "2026-03-01T17:30:00+01:00", "sets": sets}
    begun = athlete.call("POST", "/me/sessions", said).json()
    ended = athlete.call("POST", f"/me/sessions/{begun['sessionId']}/complete", {"durationMin": 45})
    assert ended.status == 200, ended.text

    def seen() -> tuple[int, list[int]]:
        newest = athlete.call("GET", "/me/sessions/recent").json()["sessions"]
        total = athlete.call("GET", "/me/stats").json()["total"]
        return total["workouts"], [each["durationMin"] for each in newest]

    before = eventually(seen, lambda found: found == (1, [45]), "session and totals")
    views = boto3.resource("dynamodb").Table(stage.outputs("analytics")["ViewsTableName"])
    mine = {":pk": f"USER#{athlete.user_id}"}
    for item in views.query(KeyConditionExpression="pk = :pk", ExpressionAttributeValues=mine)["Items"]:
        views.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})
    assert seen() != before

    state = tmp_path / "state.json"
    for found in ("corrected 1 sessions that the view did not know rightly", "nothing was wrong"):
        one = ["backfill", "--stage", stage.name, "--user", athlete.user_id]
        monkeypatch.setattr(sys, "argv", one)
        assert backfill.main() == 0
        assert found in capsys.readouterr().out
        assert seen() == before
    monkeypatch.setattr(sys, "argv", ["backfill", "--stage", stage.name, "--state", str(state)])
    assert backfill.main() == 0
    assert "athletes" in capsys.readouterr().out
    assert not state.exists()


def test_s3_works_for_the_credentials_at_hand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["s3_smoke.py"])
    assert s3_smoke.main() == 0, capsys.readouterr().err
    assert "read back the same bytes" in capsys.readouterr().out


def test_what_the_collector_recorded_can_be_listed_and_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"/hooks/{secrets.token_hex(8)}"
    ids = [
        send("PUT", stage.collector_url + place, text, {"content-type": "text/plain"}).json()["requestId"]
        for text in (b"first", b"second")
    ]

    monkeypatch.setattr(sys, "argv", ["collected.py", "--path", place, "--method", "put"])
    assert collected.main() == 0
    listed = capsys.readouterr()
    assert [line.split()[-1] for line in listed.out.splitlines()] == ids[::-1]  # newest first
    assert f"Next: collected --id {ids[1]}" in listed.err

    monkeypatch.setattr(sys, "argv", ["collected.py", "--id", ids[0]])
    assert collected.main() == 0
    read = json.loads(capsys.readouterr().out)
    assert (read["path"], read["body"], read["bodyBytes"]) == (place, "first", 5)

    monkeypatch.setattr(sys, "argv", ["collected.py", "--id", "nobody"])
    assert collected.main() == 1
    assert "never recorded" in capsys.readouterr().err
