"""What a developer runs by hand against a deployed stage."""

from __future__ import annotations

import json
import secrets
import sys

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
