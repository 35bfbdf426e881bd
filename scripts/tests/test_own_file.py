"""An export on the command line: what is said of it is judged before anything starts."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from showing.own_file import OwnFile, add_options, answered, own_file
from showing.talk import DemoError


def said(*words: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args([str(word) for word in words])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    file = tmp_path / "history.csv"
    file.write_text("Date,Workout Name\n")
    return file


def test_an_export_is_taken_with_what_is_said_of_it(export: Path) -> None:
    found = own_file(said("--csv", export, "--weight-unit", "lb", "--timezone", "Europe/Berlin"))
    assert found == OwnFile(
        "history.csv", b"Date,Workout Name\n", {"weightUnit": "lb", "timezone": "Europe/Berlin"}
    )
    assert own_file(said()) is None


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--timezone", "Mars/Olympus"), "'Mars/Olympus' is no time zone; they look like Europe/Berlin"),
        (("--timezone", "Europe"), "'Europe' is no time zone"),
        (("--weight-unit", "stone"), "invalid choice: 'stone'"),
    ],
)
def test_what_cannot_be_said_of_an_export_is_a_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SystemExit):
        said(*words)
    assert reason in capsys.readouterr().err


def test_answers_without_an_export_are_not_passed_over() -> None:
    with pytest.raises(DemoError, match="--distance-unit: say of which --csv FILE"):
        own_file(said("--distance-unit", "mi"))


def test_what_a_form_would_not_take_is_refused_at_once(export: Path) -> None:
    export.write_bytes(b"")
    with pytest.raises(DemoError, match="the file is empty"):
        own_file(said("--csv", export))
    with export.open("wb") as file:
        file.truncate(200 * 1024 * 1024 + 1)
    with pytest.raises(DemoError, match="the file is larger than 200 MiB"):
        own_file(said("--csv", export))


@pytest.mark.parametrize(
    ("content", "kind"), [(b'{"format": "wotr"', "application/json"), (b"a,b\n", "text/csv")]
)
def test_our_own_json_is_told_by_its_content(content: bytes, kind: str) -> None:
    assert OwnFile("whatever.csv", content, {}).content_type == kind


def test_what_a_refused_export_asks_is_added_to_what_was_said() -> None:
    before = said("--csv", "my file.csv", "--timezone", "UTC")
    assert answered(before, ["weightUnit"]) == "--csv 'my file.csv' --weight-unit kg --timezone UTC"
