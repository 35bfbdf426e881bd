"""Every header line of real exports of sets is known as one format's, and as no other's."""

from __future__ import annotations

import csv

import pytest
from tests.unit.headers import header_lines

from wotr_workers.formats.detect import FORMATS, opened

HEADERS = [(app, line) for app in ("strong", "hevy", "fitnotes") for line in header_lines(app)]
HEADERS += [("jefit", "### SETTING ##########"), ("jefit", "### WORKOUT SESSIONS ###")]


@pytest.mark.parametrize(("app", "line"), HEADERS)
def test_one_format_alone_knows_a_header(app: str, line: str) -> None:
    (header,) = csv.reader([line], delimiter=";" if ";" in line else ",")
    assert [known.name for known in FORMATS if known.recognise(header)] == [app]
    assert opened([b"\xef\xbb\xbf", line.encode()]).format.name == app


def test_names_in_other_letters_and_with_columns_to_spare_are_known() -> None:
    line = "DATE,workout name,EXERCISE NAME,Set Order,Weight,Reps,Mood,,,"
    assert opened([line.encode()]).format.name == "strong"
