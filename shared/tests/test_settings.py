"""A function's environment, checked when it starts."""

from __future__ import annotations

import pytest

from wotr_common.settings import Settings, SettingsError


class WriteSettings(Settings):
    workouts_table: str
    shards: int = 1


def test_fields_are_read_from_variables_of_their_name() -> None:
    found = WriteSettings.load({"WOTR_STAGE": "dev", "WORKOUTS_TABLE": "t", "SHARDS": "4", "PATH": "/bin"})

    assert (found.wotr_stage, found.workouts_table, found.shards) == ("dev", "t", 4)


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WOTR_STAGE", "prod")
    monkeypatch.setenv("WORKOUTS_TABLE", "t")

    assert WriteSettings.load().wotr_stage == "prod"


def test_every_missing_or_wrong_variable_is_named_and_no_value_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        WriteSettings.load({"WOTR_STAGE": "s3cret", "SHARDS": "hunter2"})

    said = str(refused.value)
    assert all(name in said for name in ("WOTR_STAGE", "WORKOUTS_TABLE", "SHARDS"))
    assert "s3cret" not in said
    assert "hunter2" not in said
    assert refused.value.__cause__ is None  # pydantic's own text would show them
