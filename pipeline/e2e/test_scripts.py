"""What a developer runs by hand against a deployed stage."""

from __future__ import annotations

import sys

import pytest
import s3_smoke
import seed
from waiting import eventually

from stage_client import Stage


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
