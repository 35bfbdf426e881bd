"""Which licences we may use how, and how distributions say theirs."""

from __future__ import annotations

from email.parser import HeaderParser

import pytest

from tools import licences


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("License-Expression: MIT\nClassifier: License :: OSI Approved :: BSD License\n", "MIT"),
        ("Classifier: License :: OSI Approved :: Apache Software License\n", "Apache-2.0"),
        ("License: BSD-3-Clause\n", "BSD-3-Clause"),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)\n", None),
        ("Name: x\n", "unknown"),
    ],
)
def test_a_licence_is_read_however_it_is_said(metadata: str, said: str | None) -> None:
    found = licences.said_by(HeaderParser().parsestr(metadata))
    assert found == (said or "GNU General Public License v3 (GPLv3)")


@pytest.mark.parametrize(
    ("expression", "shipped", "fine"),
    [
        ("MIT", True, True),
        ("Apache-2.0 OR GPL-3.0-only", True, True),
        ("MIT AND GPL-3.0-only", False, False),
        ("MPL-2.0", False, True),
        ("MPL-2.0", True, False),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", False, True),
        ("GNU General Public License v3 (GPLv3)", False, False),
        ("unknown", False, False),
    ],
)
def test_shipped_is_only_what_is_permissive(expression: str, *, shipped: bool, fine: bool) -> None:
    found = list(licences.problems({"x": expression}, {"x": ["api"]} if shipped else {}))
    assert (found == []) is fine
